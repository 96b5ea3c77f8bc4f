//! How the packets of an MP4 file are dated. The demuxer dates them by the sums of their durations, believes the
//! headers of fragmented files for the number of frames (0 from a pipe, the first fragment from DASH), and does not
//! notice durations that are not those of the packets. So we add up what stands in the tables of the whole file.
//!
//! Boxes: ISO/IEC 14496-12, sections 8.6.1.2 (`stts`) and 8.8 (`moof`).

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

/// More boxes than a file has; a walk that meets more knows nothing of the durations.
const MOST: usize = 1 << 20;

/// Tracks that are looked at.
const MOST_TRACKS: usize = 64;

/// The packets of one track.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Packets {
    pub track: u32,
    /// Ticks per second.
    pub timescale: u32,
    /// How many there are.
    pub count: u64,
    /// Ticks of all of them.
    pub duration: u64,
    /// Ticks of the first one, and of the last one.
    pub first: u32,
    pub last: u32,
    /// Whether one in between has another duration than the first.
    pub is_uneven: bool,
    /// Whether fragments hold them.
    pub is_fragmented: bool,
    /// The tick that is played first: what is in front of it is the encoder's delay.
    pub lead: u32,
    /// Ticks of a packet in a fragment that does not say how many.
    default: u32,
}

impl Packets {
    fn add(&mut self, count: u64, ticks: u32) {
        if count == 0 {
            return;
        }
        if self.count == 0 {
            self.first = ticks;
        }
        let is_other = ticks != self.first && count > 1;
        self.is_uneven |= is_other || (self.count > 0 && self.last != self.first);
        self.last = ticks;
        self.count = self.count.saturating_add(count);
        let ticks = count.saturating_mul(u64::from(ticks));
        self.duration = self.duration.saturating_add(ticks);
    }
}

/// What the boxes of a file say.
#[derive(Debug, Default)]
pub struct Tables {
    /// The packets of each track; none of a file whose boxes are not understood.
    pub tracks: Vec<Packets>,
    /// Why the file is not whole, if a box in it goes on behind its end.
    pub cut: Option<String>,
    /// What no such file can have.
    pub impossible: Option<String>,
    /// When each chapter begins, in units of 100 ns, and its name.
    pub chapters: Vec<(u64, String)>,
}

/// Bytes that are read at once: the tables of a short file are hardly longer.
const AT_ONCE: usize = 1024;

/// Walks over a file of `len` bytes, which begins at byte `start` of the input.
pub fn tables<R: Read + Seek>(file: &mut R, start: u64, len: u64) -> io::Result<Tables> {
    let mut walk = BoxWalk {
        file,
        len,
        left: MOST,
        read: [0; AT_ONCE],
        read_at: 0..0,
        tables: Tables::default(),
        is_fragmented: false,
    };
    if !walk.file_of(start, len)? {
        walk.tables.tracks.clear();
    }
    Ok(walk.tables)
}

struct Mp4Box {
    kind: [u8; 4],
    /// Where its content begins and ends.
    start: u64,
    end: u64,
}

struct BoxWalk<'f, R> {
    file: &'f mut R,
    /// Bytes of the file.
    len: u64,
    /// Boxes that the walk may still visit.
    left: usize,
    /// The bytes that were read last, and where they are.
    read: [u8; AT_ONCE],
    read_at: Range<u64>,
    tables: Tables,
    is_fragmented: bool,
}

impl<R: Read + Seek> BoxWalk<'_, R> {
    /// True if the walk came to the end and understood what it met.
    fn file_of(&mut self, start: u64, len: u64) -> io::Result<bool> {
        let (mut at, mut has_movie, mut is_known) = (0, false, true);
        while let Some(found) = self.box_at(at, len)? {
            let is_cut = found.end > len && found.end != u64::MAX;
            match &found.kind {
                b"moov" | b"moof" | b"mdat" if is_cut => {
                    self.tables.cut = Some(format!(
                        "the file was cut short: its box '{}' claims {} bytes from byte {} on, of which there are {}",
                        found.kind.escape_ascii(),
                        found.end - at,
                        start + at,
                        len - at
                    ));
                }
                b"moov" => {
                    self.movie(&found)?;
                    has_movie = true;
                }
                // The demuxer takes no fragment in front of the header.
                b"moof" if !has_movie => is_known = false,
                b"moof" => self.fragment(&found)?,
                _ => {}
            }
            at = found.end;
        }
        Ok(has_movie && is_known && self.left > 0)
    }

    fn movie(&mut self, movie: &Mp4Box) -> io::Result<()> {
        let mut defaults = Vec::new();
        let mut at = movie.start;
        while let Some(found) = self.box_at(at, movie.end)? {
            match &found.kind {
                b"trak" if self.tables.tracks.len() < MOST_TRACKS => {
                    let mut track = Packets::default();
                    self.track(&found, 0, &mut track)?;
                    self.tables.tracks.push(track);
                }
                b"udta" => {
                    let mut at = found.start;
                    while let Some(inner) = self.box_at(at, found.end)? {
                        if &inner.kind == b"chpl" {
                            self.chapters(&inner)?;
                        }
                        at = inner.end;
                    }
                }
                b"mvex" => {
                    self.is_fragmented = true;
                    let mut at = found.start;
                    while let Some(inner) = self.box_at(at, found.end)? {
                        if &inner.kind == b"trex" && defaults.len() < MOST_TRACKS {
                            let [_, id, _, ticks, ..] = self.words::<4>(inner.start)?;
                            defaults.push((id, ticks));
                        }
                        at = inner.end;
                    }
                }
                _ => {}
            }
            at = found.end;
        }
        for track in &mut self.tables.tracks {
            track.is_fragmented = self.is_fragmented;
            let own = defaults.iter().find(|(id, _)| *id == track.track);
            track.default = own.map_or(0, |(_, ticks)| *ticks);
        }
        Ok(())
    }

    /// The list that Nero began and FFmpeg writes.
    fn chapters(&mut self, list: &Mp4Box) -> io::Result<()> {
        let [flags] = self.words(list.start)?;
        let mut at = list.start + if flags >> 24 == 0 { 4 } else { 8 };
        let mut count = [0];
        self.peek(at, &mut count)?;
        at += 1;
        for _ in 0..count[0] {
            let (mut head, mut name) = ([0; 9], [0; 255]);
            if at + 9 > list.end || self.peek(at, &mut head)? < 9 {
                break;
            }
            let [time @ .., len] = head;
            let name = &mut name[..usize::from(len)];
            if at + 9 + u64::from(len) > list.end || self.peek(at + 9, name)? < name.len() {
                break;
            }
            at += 9 + u64::from(len);
            let name = String::from_utf8_lossy(name).into_owned();
            let time = u64::from_be_bytes(time);
            self.tables.chapters.push((time, name));
        }
        Ok(())
    }

    fn track(&mut self, parent: &Mp4Box, depth: usize, track: &mut Packets) -> io::Result<()> {
        let mut at = parent.start;
        while let Some(found) = self.box_at(at, parent.end)? {
            match &found.kind {
                b"mdia" | b"minf" | b"stbl" | b"edts" if depth < 3 => {
                    self.track(&found, depth + 1, track)?
                }
                b"tkhd" => {
                    let [flags, _, _, short, _, long] = self.words::<6>(found.start)?;
                    track.track = if flags >> 24 == 0 { short } else { long };
                }
                b"elst" => {
                    let [flags, edits] = self.words::<2>(found.start)?;
                    let is_short = flags >> 24 == 0;
                    // Each has a duration, a place and a speed. An edit of nothing, which another one may follow, says -1.
                    for edit in 0..edits.min(2) {
                        let size = if is_short { 12 } else { 20 };
                        let at = found.start + 8 + u64::from(edit) * size;
                        let [_, short, _, long] = self.words::<4>(at)?;
                        let lead = if is_short { short } else { long };
                        if lead >> 31 == 0 {
                            track.lead = lead;
                            break;
                        }
                    }
                }
                b"mdhd" => {
                    let [flags, _, _, short, _, long] = self.words::<6>(found.start)?;
                    track.timescale = if flags >> 24 == 0 { short } else { long };
                }
                b"stts" => {
                    let [_, count] = self.words::<2>(found.start)?;
                    self.entries(&found, found.start + 8, count, 2, |[count, ticks, ..]| {
                        track.add(u64::from(count), ticks);
                    })?;
                }
                _ => {}
            }
            at = found.end;
        }
        Ok(())
    }

    fn fragment(&mut self, fragment: &Mp4Box) -> io::Result<()> {
        let mut at = fragment.start;
        while let Some(found) = self.box_at(at, fragment.end)? {
            if &found.kind == b"traf" {
                self.track_fragment(&found)?;
            }
            at = found.end;
        }
        Ok(())
    }

    fn track_fragment(&mut self, parent: &Mp4Box) -> io::Result<()> {
        let (mut place, mut default) = (None, 0);
        let mut at = parent.start;
        while let Some(found) = self.box_at(at, parent.end)? {
            match &found.kind {
                b"tfhd" => {
                    let [flags, id] = self.words::<2>(found.start)?;
                    place = self
                        .tables
                        .tracks
                        .iter()
                        .position(|track| track.track == id);
                    default = place.map_or(0, |place| self.tables.tracks[place].default);
                    if flags & 8 != 0 {
                        // An offset of 64 bits and the number of a description may come before it.
                        let before = if flags & 1 == 0 { 0 } else { 8 };
                        let before = before + if flags & 2 == 0 { 0 } else { 4 };
                        [default] = self.words(found.start + 8 + before)?;
                    }
                }
                b"trun" => {
                    let [_, count] = self.words::<2>(found.start)?;
                    // A packet has a byte. Demuxers count to what a box says, with nothing behind it.
                    if u64::from(count) > self.len {
                        self.tables.impossible = Some(format!(
                            "a fragment claims {count} packets, and the file has {} bytes",
                            self.len
                        ));
                    }
                    if let Some(place) = place {
                        let mut track = std::mem::take(&mut self.tables.tracks[place]);
                        let run = self.run(&found, default, &mut track);
                        self.tables.tracks[place] = track;
                        run?;
                    }
                }
                _ => {}
            }
            at = found.end;
        }
        Ok(())
    }

    fn run(&mut self, run: &Mp4Box, default: u32, track: &mut Packets) -> io::Result<()> {
        let [flags, count] = self.words::<2>(run.start)?;
        if flags & 0x100 == 0 {
            track.add(u64::from(count), default);
            return Ok(());
        }
        let before = 4 * u64::from((flags & 1) + (flags >> 2 & 1));
        let fields = (flags >> 8 & 15).count_ones() as usize;
        self.entries(run, run.start + 8 + before, count, fields, |[ticks, ..]| {
            track.add(1, ticks);
        })
    }

    /// Gives each entry of a table, of `fields` words, to `take`, as far as the box goes.
    fn entries(
        &mut self,
        table: &Mp4Box,
        from: u64,
        count: u32,
        fields: usize,
        mut take: impl FnMut([u32; 4]),
    ) -> io::Result<()> {
        let size = 4 * fields.min(4);
        let there = table.end.saturating_sub(from) / size as u64;
        let (mut at, mut left) = (from, there.min(u64::from(count)));
        let mut buffer = [0; AT_ONCE];
        while left > 0 {
            let most = left.min((buffer.len() / size) as u64) as usize;
            let count = self.peek(at, &mut buffer[..most * size])? / size;
            if count == 0 {
                break;
            }
            for entry in buffer[..count * size].chunks_exact(size) {
                take(words_of(entry));
            }
            (at, left) = (at + (count * size) as u64, left - count as u64);
        }
        Ok(())
    }

    /// Words from a place on; 0 for those behind the end of the file.
    fn words<const N: usize>(&mut self, at: u64) -> io::Result<[u32; N]> {
        let mut bytes = [0; 32];
        self.peek(at, &mut bytes[..(4 * N).min(32)])?;
        Ok(words_of(&bytes))
    }

    /// Fills as much of `into`, which is no longer than [`AT_ONCE`], as there is, and says how much that was.
    fn peek(&mut self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        if at < self.read_at.start || at + into.len() as u64 > self.read_at.end {
            self.file.seek(SeekFrom::Start(at))?;
            let mut done = 0;
            while done < self.read.len() {
                match self.file.read(&mut self.read[done..])? {
                    0 => break,
                    count => done += count,
                }
            }
            self.read_at = at..at + done as u64;
        }
        let from = (at - self.read_at.start) as usize;
        let there = &self.read[from..(self.read_at.end - self.read_at.start) as usize];
        let count = there.len().min(into.len());
        into[..count].copy_from_slice(&there[..count]);
        Ok(count)
    }

    /// The box that begins there; `None` at the end, for what is none, and once enough were looked at.
    fn box_at(&mut self, at: u64, limit: u64) -> io::Result<Option<Mp4Box>> {
        if self.left == 0 || limit.saturating_sub(at) < 8 {
            return Ok(None);
        }
        self.left -= 1;
        let mut head = [0; 16];
        let there = self.peek(at, &mut head)?;
        let [size, kind, high, low] = words_of(&head);
        let (size, header) = match size {
            _ if there < 8 => return Ok(None),
            0 => (u64::MAX - at, 8),
            1 if there < 16 => return Ok(None),
            1 => (u64::from(high) << 32 | u64::from(low), 16),
            size => (u64::from(size), 8),
        };
        if size < header || at > i64::MAX as u64 {
            return Ok(None);
        }
        Ok(Some(Mp4Box {
            kind: kind.to_be_bytes(),
            start: at + header,
            end: at.saturating_add(size),
        }))
    }
}

/// Big-endian words; 0 for those that are not there.
fn words_of<const N: usize>(bytes: &[u8]) -> [u32; N] {
    let mut words = [0; N];
    for (word, four) in words.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *word = u32::from_be_bytes(*four);
    }
    words
}
