//! `with audio.borrow()` and `with audio.borrow_mut()`: samples that a user has for himself, for a while.
//!
//! What is handed out is a plain `ndarray`, so that it is as fast and as welcome everywhere as any other.
//! NumPy tells when something outlives the with-block:
//!
//! ```text
//!   x[2:5]   x.T   x.reshape(..)          the with-variable, memoryview(x), a second name
//!       \      |      /                              |        |        /
//!        v     v     v                               v        v       v
//!            root  <--------------------------------  array (of the with)
//!              |
//!              v
//!            owner: the loan, and with it the samples
//! ```
//!
//! A view of a view holds the root directly, whatever it was made from. So after the block the root has one
//! reference, from the array, and each one more is an array that outlived the block, wherever it is held. The array
//! itself is read-only from then on, under all of its names; but what holds it may be a consumer instead, which
//! writes where it likes: only if there is more than the one reference of the with-variable, names are searched for
//! and counted (`_borrowing.py`).
//!
//! # Rationale
//!
//! A subclass of `ndarray` would hear of every view that is made from it, but not of `np.asarray(x)`, and
//! would cost in the block, where speed counts; its copies and results would be of that class for ever. Here the
//! price is paid by the caller that breaks the rule: the search looks through all containers.
//!
//! # Limits
//!
//! One reference to the array is taken to be the with-variable's. Where the block has rebound that to
//! something that hides the array (`x = torch.from_numpy(x)`), no search can tell. A consumer that took a pointer
//! cannot be made read-only: it is named, and stays in the registry as a writable view.

use pyo3::intern;
use pyo3::prelude::*;

use crate::audio::Audio;
use crate::error::Error;
use crate::python::class::AudioSamples;
use crate::python::errors::borrow_error;
use crate::python::exchange::ndarray;
use crate::python::exchange::outward::Outward;
use crate::python::exchange::owner::Lent;
use crate::python::running;
use crate::registry::{Mode, Until};
use crate::sync::Mutex;

/// Samples lent to a with-block: `borrow()` to read, `borrow_mut()` alone to write.
#[pyclass(frozen, name = "Borrow", module = "audio_samples")]
pub struct BorrowBlock {
    audio: Audio,
    mode: Mode,
    state: Mutex<State>,
}

enum State {
    Ready,
    Entered(Py<Arrays>),
    Over,
}

/// What is out while the block runs. A class because the search takes no notice of what it is given in.
#[pyclass(frozen, name = "_Arrays", module = "audio_samples")]
struct Arrays {
    owner: Py<Lent>,
    #[pyo3(get)]
    root: Py<PyAny>,
    #[pyo3(get)]
    array: Py<PyAny>,
}

impl Arrays {
    fn lend(py: Python<'_>, audio: &Audio, mode: Mode) -> PyResult<Arrays> {
        let samples = audio.samples();
        let loan = match samples.lend(mode, Until::Now) {
            Err(Error::Busy) => running::wait(py, |until| samples.lend(mode, until))?,
            lent => lent?,
        };
        let owner = Bound::new(py, Lent::new(loan))?;
        let root = ndarray::array_of_loan(&owner, mode == Mode::Write)?;
        let array = root.call_out(intern!(py, "view"), ())?;
        Ok(Arrays {
            owner: owner.unbind(),
            root: root.unbind(),
            array: array.unbind(),
        })
    }

    /// Ends the borrow. What outlives it is made read-only and named.
    fn take_back(slf: &Bound<'_, Self>, raised: &Bound<'_, PyAny>) -> PyResult<()> {
        let (py, this) = (slf.py(), slf.get());
        let owner = this.owner.get();
        owner.end();
        for array in [&this.array, &this.root] {
            array.call_method1(py, intern!(py, "setflags"), (false,))?;
        }
        let (on_array, on_root) = this.references(py);
        if on_array <= 1 && on_root == 0 {
            owner.make_readonly();
            return Ok(());
        }
        let search = py.import(intern!(py, "audio_samples._borrowing"))?;
        let found = search.call_out(intern!(py, "outliving"), (slf, !raised.is_none()))?;
        let (message, harmless): (Option<String>, bool) = found.extract()?;
        if harmless {
            owner.make_readonly();
        }
        match message {
            None => Ok(()),
            Some(message) if raised.is_none() => Err(borrow_error(message)),
            Some(message) => raised.call_method1("add_note", (message,)).map(drop),
        }
    }
}

#[pymethods]
impl Arrays {
    /// References beyond our own: to the array of the with, and to the root by other arrays.
    fn references(&self, py: Python<'_>) -> (isize, isize) {
        (
            ndarray::references(self.array.bind(py)) - 1,
            // Ours and that of the array.
            ndarray::references(self.root.bind(py)) - 2,
        )
    }
}

#[pymethods]
impl BorrowBlock {
    fn __enter__(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        {
            let mut state = self.state.lock();
            match *state {
                State::Ready => *state = State::Over,
                State::Entered(_) => {
                    return Err(borrow_error(
                        "this borrow has been entered already; call borrow() or borrow_mut() again \
                         for another one",
                    ));
                }
                State::Over => {
                    return Err(borrow_error(
                        "this borrow is over; call borrow() or borrow_mut() again for another one",
                    ));
                }
            }
        }
        match Arrays::lend(py, &self.audio, self.mode) {
            Ok(arrays) => {
                let array = arrays.array.clone_ref(py);
                *self.state.lock() = State::Entered(Py::new(py, arrays)?);
                Ok(array)
            }
            Err(refused) => {
                *self.state.lock() = State::Ready;
                Err(refused)
            }
        }
    }

    fn __exit__(
        &self,
        py: Python<'_>,
        _kind: &Bound<'_, PyAny>,
        raised: &Bound<'_, PyAny>,
        _traceback: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let state = std::mem::replace(&mut *self.state.lock(), State::Over);
        match state {
            State::Entered(arrays) => Arrays::take_back(arrays.bind(py), raised),
            _ => Err(borrow_error(
                "this borrow is not out: it was never entered, or has been left already",
            )),
        }
    }

    fn __repr__(&self) -> String {
        let call = match self.mode {
            Mode::Read => "borrow",
            Mode::Write => "borrow_mut",
        };
        let state = match *self.state.lock() {
            State::Ready => "not entered",
            State::Entered(_) => "out",
            State::Over => "over",
        };
        format!(
            "<{call}() of {} frames, {state}>",
            self.audio.layout().frames()
        )
    }
}

impl AudioSamples {
    fn lend(&self, mode: Mode) -> BorrowBlock {
        BorrowBlock {
            audio: self.audio().clone(),
            mode,
            state: Mutex::new(State::Ready),
        }
    }
}

#[pymethods]
impl AudioSamples {
    /// `with audio.borrow() as array:` a read-only array of the samples, which no operation on
    /// audio changes meanwhile: that raises `BorrowError`.
    fn borrow(&self) -> BorrowBlock {
        self.lend(Mode::Read)
    }

    /// `with audio.borrow_mut() as array:` the one writable array of the samples. Every other
    /// access to them through audio raises `BorrowError` meanwhile. Refused while another writable
    /// view of them is alive.
    ///
    /// What outlives the with-block is made read-only, and named by a `BorrowError`.
    fn borrow_mut(&self) -> PyResult<BorrowBlock> {
        self.audio().samples().require_writable()?;
        Ok(self.lend(Mode::Write))
    }

    /// In the child of a fork: takes back the samples that other threads had borrowed when the
    /// process was forked. Those threads are not in the child, and would have them out for ever:
    /// until then every access to the samples raises a `BorrowError` that says so. Nothing else
    /// changes: a borrow of this process stays out.
    fn reclaim(&self) {
        self.audio().samples().reclaim();
    }

    /// The same audio on the same memory, which cannot be changed through it.
    fn as_readonly(&self) -> AudioSamples {
        let samples = self.audio().samples().readonly();
        self.part(self.audio().with_samples(samples))
    }
}
