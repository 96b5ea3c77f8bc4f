//! A file as the demuxer sees it.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use symphonia::core::io::MediaSource;

use crate::error::Error;
use crate::files::codec::ebml::oddities;
use crate::files::input::{Input, sought};
use crate::files::sniff::{Coded, Coding};

/// The bytes of a file that are a file to the demuxer.
#[derive(Default)]
pub struct ShownBytes {
    start: AtomicU64,
    len: AtomicU64,
}

impl ShownBytes {
    /// Shows other bytes, of which the demuxer reads the first next.
    pub fn show(&self, bytes: &Range<u64>) {
        self.start.store(bytes.start, Ordering::Relaxed);
        let len = bytes.end.saturating_sub(bytes.start);
        self.len.store(len, Ordering::Relaxed);
    }

    /// The first of them.
    pub fn start(&self) -> u64 {
        self.start.load(Ordering::Relaxed)
    }

    /// How many they are.
    pub fn len(&self) -> u64 {
        self.len.load(Ordering::Relaxed)
    }
}

/// An input from where the caller left it on, and how far the demuxer has read.
pub struct Window<'s> {
    input: Input<'s>,
    pub extent: Arc<ShownBytes>,
    at: u64,
    reached: Arc<AtomicU64>,
    /// Bytes that are read as others than they are, by their places in the file.
    changed: Vec<(u64, u8)>,
    /// Whether the file says nowhere how long it is.
    pub is_open: bool,
    /// Nanoseconds in front and at the end that are no sound.
    pub delay: u64,
    pub padding: u64,
}

impl<'s> Window<'s> {
    pub fn new(
        mut input: Input<'s>,
        coded: &Coded,
        reached: &Arc<AtomicU64>,
    ) -> Result<Window<'s>, Error> {
        let io = |error: io::Error| Error::io(&error, None);
        let (start, end) = match &coded.shown {
            Some(shown) => (shown.start, shown.end),
            None => {
                let start = input.stream_position().map_err(io)?;
                (start, input.seek(SeekFrom::End(0)).map_err(io)?)
            }
        };
        let mut window = Window {
            input,
            extent: Arc::default(),
            at: 0,
            reached: Arc::clone(reached),
            changed: coded.changed.clone(),
            is_open: false,
            delay: 0,
            padding: 0,
        };
        window.extent.show(&(start..end));
        if coded.coding == Some(Coding::Matroska) {
            let bytes = window.extent.len();
            let odd = oddities(&mut window, bytes).map_err(io)?;
            let changed = odd.changed.iter();
            (window.changed).extend(changed.map(|(place, byte)| (start + place, *byte)));
            window.is_open = odd.is_open;
            (window.delay, window.padding) = (odd.delay.unwrap_or(0), odd.padding);
        }
        window.seek(SeekFrom::Start(0)).map_err(io)?;
        window.reached.store(0, Ordering::Relaxed);
        Ok(window)
    }
}

impl Read for Window<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let rest = self.extent.len().saturating_sub(self.at);
        let count = usize::try_from(rest).map_or(into.len(), |rest| rest.min(into.len()));
        let count = self.input.read(&mut into[..count])?;
        let begin = self.extent.start() + self.at;
        for (place, changed) in &self.changed {
            let place = place.checked_sub(begin);
            if let Some(byte) = place.and_then(|place| into[..count].get_mut(place as usize)) {
                *byte = *changed;
            }
        }
        self.at += count as u64;
        let reached = self.extent.start() + self.at.min(self.extent.len());
        self.reached.store(reached, Ordering::Relaxed);
        Ok(count)
    }
}

impl Seek for Window<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let len = self.extent.len();
        let place = sought(to, self.at, || Ok(len))?;
        let absolute = (self.extent.start())
            .checked_add(place)
            .ok_or(io::ErrorKind::InvalidInput)?;
        // Damaged data may send the demuxer to an offset that no file has.
        if place <= len {
            self.input.seek(SeekFrom::Start(absolute))?;
        }
        self.at = place;
        Ok(place)
    }
}

impl MediaSource for Window<'_> {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.extent.len())
    }
}
