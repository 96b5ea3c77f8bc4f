//! Bits one after the other, the highest first, as FLAC has them.

/// The most bits that [`BitWriter::put`] takes at once: with seven that wait, they leave a bit of the word free.
const MOST: u32 = 56;

/// Bytes that grow bit by bit.
#[derive(Default)]
pub struct BitWriter {
    /// The first `whole` of them are written; what is behind is room.
    bytes: Vec<u8>,
    whole: usize,
    /// Bits that are no whole byte yet, from the highest on; zeros behind them.
    word: u64,
    waiting: u32,
}

impl BitWriter {
    /// Begins anew, in the same memory.
    pub fn clear(&mut self) {
        (self.whole, self.word, self.waiting) = (0, 0, 0);
        self.make_room(64);
    }

    /// The whole bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.whole]
    }

    /// Has room for so many more bytes.
    fn make_room(&mut self, bytes: usize) {
        let needed = self.whole + bytes + size_of::<u64>();
        if self.bytes.len() < needed {
            self.bytes.resize(needed.next_power_of_two(), 0);
        }
    }

    /// The lowest `count` bits, of 1 to 56, where all others are 0 and there is room.
    #[inline(always)]
    fn push(&mut self, bits: u64, count: u32) {
        self.word |= bits << (u64::BITS - self.waiting - count);
        self.waiting += count;
        let place = &mut self.bytes[self.whole..][..size_of::<u64>()];
        place.copy_from_slice(&self.word.to_be_bytes());
        self.whole += self.waiting as usize / 8;
        self.word <<= self.waiting & !7;
        self.waiting &= 7;
    }

    /// The lowest `count` bits of a number, up to 32.
    pub fn put(&mut self, value: u32, count: u32) {
        if count > 0 {
            self.make_room(8);
            self.push(u64::from(value) & ((1 << count) - 1), count);
        }
    }

    /// A number with its sign in two's complement.
    pub fn put_signed(&mut self, value: i32, count: u32) {
        self.put(value as u32, count);
    }

    /// As many zeros, and a one.
    pub fn put_unary(&mut self, zeros: u32) {
        self.make_room(zeros as usize / 8 + 16);
        for _ in 0..zeros / 32 {
            self.push(0, 32);
        }
        self.push(1, zeros % 32 + 1);
    }

    /// Numbers in Rice's code: the sign goes to the lowest bit, the bits above the parameter are in unary.
    pub fn put_rice(&mut self, numbers: &[i32], parameter: u32) {
        self.make_room(8 * numbers.len());
        let low = (1_u64 << parameter) - 1;
        for number in numbers {
            let folded = ((number << 1) ^ (number >> 31)) as u32;
            let quotient = folded >> parameter;
            let rest = u64::from(folded) & low;
            let count = quotient + 1 + parameter;
            if count <= MOST {
                self.push(low + 1 + rest, count);
            } else {
                self.put_unary(quotient);
                self.put(rest as u32, parameter);
                self.make_room(8 * numbers.len());
            }
        }
    }

    /// Zeros up to a whole byte.
    pub fn align(&mut self) {
        if self.waiting > 0 {
            self.put(0, 8 - self.waiting);
        }
    }
}
