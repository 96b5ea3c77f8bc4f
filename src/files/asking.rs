//! An output that asks the caller, while it is written to, whether to go on: a long file is given up within moments.

use std::cell::{Cell, RefCell};
use std::io::{self, Seek, SeekFrom, Write};
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::registry::Until;

/// How often the caller is asked.
const ASKED_EVERY: Duration = Duration::from_millis(50);

/// A caller that several parts of one operation ask whether to go on.
pub struct Caller<'a> {
    go_on: Option<RefCell<&'a mut dyn FnMut() -> bool>>,
    has_stopped: Cell<bool>,
}

impl<'a> Caller<'a> {
    /// The one behind `until`.
    pub fn of(until: Until<'a>) -> Caller<'a> {
        Caller {
            go_on: match until {
                Until::Now => None,
                Until::Stopped(go_on) => Some(RefCell::new(go_on)),
            },
            has_stopped: Cell::new(false),
        }
    }

    /// Whether it waits at all.
    pub fn may_wait(&self) -> bool {
        self.go_on.is_some()
    }

    /// Asks it.
    pub fn goes_on(&self) -> bool {
        let asked = self.go_on.as_ref();
        let goes_on = asked.is_none_or(|go_on| (go_on.borrow_mut())());
        if !goes_on {
            self.has_stopped.set(true);
        }
        goes_on
    }

    /// The wait of an operation that is part of this one.
    pub fn until<R>(&self, work: impl FnOnce(Until<'_>) -> R) -> R {
        match self.go_on {
            None => work(Until::Now),
            Some(_) => work(Until::Stopped(&mut || self.goes_on())),
        }
    }

    /// The result, or [`Error::Interrupted`] where it failed because the caller stopped it.
    ///
    /// # Errors
    /// As the result.
    pub fn outcome<R>(&self, result: Result<R, Error>) -> Result<R, Error> {
        match result {
            Err(_) if self.has_stopped.get() => Err(Error::Interrupted),
            result => result,
        }
    }
}

/// An output whose every write may end the operation.
pub struct Asking<'c, 'a, W> {
    out: W,
    caller: &'c Caller<'a>,
    asked: Instant,
}

impl<'c, 'a, W> Asking<'c, 'a, W> {
    /// An output as it is, for as long as the caller wants.
    pub fn new(out: W, caller: &'c Caller<'a>) -> Asking<'c, 'a, W> {
        Asking {
            out,
            caller,
            asked: Instant::now(),
        }
    }

    fn ask(&mut self) -> io::Result<()> {
        self.asked = Instant::now();
        match self.caller.goes_on() {
            true => Ok(()),
            false => Err(io::Error::other("writing was interrupted")),
        }
    }
}

impl<W: Write> Write for Asking<'_, '_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.asked.elapsed() >= ASKED_EVERY {
            self.ask()?;
        }
        let written = self.out.write(bytes);
        if let Err(error) = &written
            && error.kind() == io::ErrorKind::Interrupted
        {
            // A signal came while a pipe was full. The writer tries again, unless the handler has raised something.
            self.ask()?;
        }
        written
    }

    /// A coder that computes for long before it writes calls this to be stopped.
    fn flush(&mut self) -> io::Result<()> {
        if self.asked.elapsed() >= ASKED_EVERY {
            self.ask()?;
        }
        self.out.flush()
    }
}

impl<W: Seek> Seek for Asking<'_, '_, W> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.out.seek(to)
    }
}
