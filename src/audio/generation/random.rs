//! Random numbers that are the same on every machine, today and later.

/// SplitMix64 (Steele, Lea and Flood): turns any seed into as many well-mixed numbers as needed.
pub struct SplitMix64(pub u64);

impl SplitMix64 {
    /// The next one.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// xoshiro256++ 1.0 (Blackman and Vigna): 256 bits of state that are never all zero.
pub struct Xoshiro256PlusPlus([u64; 4]);

impl Xoshiro256PlusPlus {
    /// The state of the next numbers of a seed's: each channel has one of its own.
    pub fn drawn(mix: &mut SplitMix64) -> Xoshiro256PlusPlus {
        Xoshiro256PlusPlus(std::array::from_fn(|_| mix.next()))
    }

    /// The next one.
    #[inline]
    pub fn next(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.0;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::{SplitMix64, Xoshiro256PlusPlus};

    #[test]
    fn splitmix64_gives_its_published_numbers() {
        let mut random = SplitMix64(1_234_567);
        let first: [u64; 5] = std::array::from_fn(|_| random.next());
        let published = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        assert_eq!(first, published);
    }

    #[test]
    fn xoshiro256plusplus_gives_its_published_numbers() {
        let mut random = Xoshiro256PlusPlus([1, 2, 3, 4]);
        let first: [u64; 6] = std::array::from_fn(|_| random.next());
        let published = [
            41_943_041,
            58_720_359,
            3_588_806_011_781_223,
            3_591_011_842_654_386,
            9_228_616_714_210_784_205,
            9_973_669_472_204_895_162,
        ];
        assert_eq!(first, published);
    }
}
