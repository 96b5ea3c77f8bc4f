//! Where samples lie, held against sets of bytes.

use std::collections::BTreeSet;

use audio_samples::error::Error;
use audio_samples::layout::{Layout, Order, Span};
use rstest::rstest;

/// SplitMix64: small, and the same numbers on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }

    fn between(&mut self, low: isize, high: isize) -> isize {
        low + self.below((high - low + 1) as usize) as isize
    }
}

/// One way to lay out samples, with the bytes that it reaches as bits.
#[derive(Clone, Copy, Debug)]
struct Case {
    start: usize,
    shape: [usize; 2],
    strides: [isize; 2],
    size: usize,
}

impl Case {
    fn span(&self) -> Span {
        Span::new(self.start, self.shape, self.strides, self.size)
    }

    fn bytes(&self) -> impl Iterator<Item = isize> {
        let case = *self;
        (0..case.shape[0] as isize).flat_map(move |i| {
            (0..case.shape[1] as isize).flat_map(move |j| {
                let sample = case.start as isize + i * case.strides[0] + j * case.strides[1];
                sample..sample + case.size as isize
            })
        })
    }

    fn bits(&self) -> u128 {
        self.bytes().fold(0, |bits, byte| bits | 1 << byte)
    }
}

fn small_cases(start: usize) -> Vec<Case> {
    let strides = [-8, -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 8];
    let mut cases = Vec::new();
    for size in [1, 2, 4] {
        for shape in (0..16).map(|i| [i / 4, i % 4]) {
            for across in strides {
                for along in strides {
                    cases.push(Case {
                        start,
                        shape,
                        strides: [across, along],
                        size,
                    });
                }
            }
        }
    }
    cases
}

#[test]
fn small_spans_overlap_exactly_where_they_share_a_byte() {
    let spans = |start| -> Vec<(Case, Span, u128)> {
        let cases = small_cases(start).into_iter();
        cases.map(|case| (case, case.span(), case.bits())).collect()
    };
    let ones = spans(64);
    let mut compared = 0;
    for (offset, stride) in [(0, 61), (1, 83), (2, 89), (5, 97), (9, 101)] {
        for (other, other_span, other_bits) in spans(64 + offset).iter().step_by(stride) {
            for (one, one_span, one_bits) in &ones {
                let expected = one_bits & other_bits != 0;
                assert_eq!(one_span.overlaps(other_span), expected, "{one:?} {other:?}");
                assert_eq!(other_span.overlaps(one_span), expected, "{other:?} {one:?}");
                compared += 1;
            }
        }
    }
    assert!(compared > 1_000_000, "{compared} pairs");
}

#[test]
fn a_span_knows_its_first_and_last_byte() {
    for case in small_cases(64) {
        let (span, bits) = (case.span(), case.bits());
        assert_eq!(span.is_empty(), bits == 0, "{case:?}");
        if bits != 0 {
            let first = bits.trailing_zeros() as usize;
            let end = 128 - bits.leading_zeros() as usize;
            assert_eq!(span.bounds(), (first, end), "{case:?}");
        }
    }
}

#[test]
fn equal_spans_are_the_same_bytes() {
    let mut seen: Vec<(Span, u128)> = Vec::new();
    for case in small_cases(64) {
        let (span, bits) = (case.span(), case.bits());
        match seen.iter().find(|(known, _)| *known == span) {
            Some((_, known)) => assert_eq!(*known, bits, "{case:?}"),
            None => seen.push((span, bits)),
        }
    }
}

#[test]
fn the_order_in_which_samples_are_read_does_not_change_their_span() {
    for case in small_cases(64) {
        let ([a, b], [across, along]) = (case.shape, case.strides);
        let exchanged = Span::new(case.start, [b, a], [along, across], case.size);
        assert_eq!(exchanged, case.span(), "{case:?} with axes exchanged");
        if a > 0 && b > 0 {
            let last = case.start.wrapping_add_signed(along * (b as isize - 1));
            let reversed = Span::new(last, [a, b], [across, -along], case.size);
            assert_eq!(reversed, case.span(), "{case:?} backwards");
        }
    }
}

/// Up to 64 channels of some hundred frames, with strides as slices, transpositions and repetitions make them.
fn random_case(dice: &mut Dice) -> Case {
    let size = [1, 2, 4, 8][dice.below(4)];
    let (channels, frames) = (dice.below(10), dice.below(300));
    let many = dice.below(8) == 0;
    let channels = if many { dice.below(65) } else { channels };
    let step = dice.between(-5, 5) * size as isize;
    let strides = match dice.below(5) {
        0 => [frames as isize * step, step],
        1 => [step, channels as isize * step],
        2 => [0, step],
        3 => [dice.between(-2000, 2000), dice.between(-40, 40)],
        _ => [step, dice.between(-40, 40)],
    };
    Case {
        start: 6_000_000 + dice.below(3000),
        shape: [[channels, frames], [frames, channels]][dice.below(2)],
        strides,
        size,
    }
}

#[test]
fn random_spans_overlap_exactly_where_they_share_a_byte() {
    let mut dice = Dice(1);
    let (mut meeting, mut apart) = (0, 0);
    let mut reached = vec![false; 12_000_000];
    for _ in 0..4000 {
        let (one, other) = (random_case(&mut dice), random_case(&mut dice));
        one.bytes().for_each(|byte| reached[byte as usize] = true);
        let expected = other.bytes().any(|byte| reached[byte as usize]);
        one.bytes().for_each(|byte| reached[byte as usize] = false);
        let found = one.span().overlaps(&other.span());
        assert_eq!(found, expected, "{one:?} {other:?}");
        *(if expected { &mut meeting } else { &mut apart }) += 1;
    }
    let both = meeting > 500 && apart > 500;
    assert!(both, "{meeting} meet, {apart} do not");
}

/// Past 64 x 64 rows an answer may be a false alarm, never a miss.
#[test]
fn spans_of_many_rows_never_miss_a_shared_byte() {
    let mut dice = Dice(2);
    for _ in 0..300 {
        let mut case = || Case {
            start: 1_000_000 + dice.below(4000),
            shape: [65 + dice.below(40), 65 + dice.below(40)],
            strides: [dice.between(-300, 300), dice.between(-3000, 3000)],
            size: 2,
        };
        let (one, other) = (case(), case());
        let reached: BTreeSet<isize> = one.bytes().collect();
        if other.bytes().any(|byte| reached.contains(&byte)) {
            assert!(one.span().overlaps(&other.span()), "{one:?} {other:?}");
        }
    }
}

#[rstest]
#[case::the_two_channels_of_an_interleaved_pair([1, 1000], [0, 8], 0, 4, false)]
#[case::a_channel_and_both([2, 1000], [4, 8], 0, 0, true)]
#[case::neighbouring_halves([1, 500], [0, 4], 0, 2000, false)]
#[case::halves_that_share_a_sample([1, 501], [0, 4], 0, 2000, true)]
#[case::one_sample_and_itself([1, 1], [0, 0], 0, 3, true)]
#[case::one_sample_and_the_next([1, 1], [0, 0], 0, 4, false)]
#[case::nothing([1, 0], [0, 4], 0, 0, false)]
fn spans_of_audio(
    #[case] shape: [usize; 2],
    #[case] strides: [isize; 2],
    #[case] first: usize,
    #[case] second: usize,
    #[case] expected: bool,
) {
    let span = |offset| Span::new(0x1000 + offset, shape, strides, 4);
    assert_eq!(span(first).overlaps(&span(second)), expected);
}

#[test]
fn audio_of_an_hour_is_compared_at_once() {
    // 64 channels of an hour at 192 kHz, interleaved; each channel against each.
    let frames = 3600 * 192_000;
    let channel = |index: usize| Span::new(4 * index, [1, frames], [0, 256], 4);
    for one in 0..64 {
        for other in 0..64 {
            assert_eq!(channel(one).overlaps(&channel(other)), one == other);
        }
    }
}

fn addresses(layout: &Layout) -> Vec<Vec<i128>> {
    let row = |channel: usize| {
        let start = layout.offset() as i128 + layout.channel_stride() as i128 * channel as i128;
        let frame = move |frame| start + layout.frame_stride() as i128 * frame as i128;
        (0..layout.frames()).map(frame).collect()
    };
    (0..layout.channels()).map(row).collect()
}

#[test]
fn the_reach_is_the_lowest_and_the_highest_byte() {
    let mut dice = Dice(3);
    for _ in 0..3000 {
        let shape = [dice.below(5), dice.below(6)];
        let strides = [dice.between(-50, 50), dice.between(-50, 50)];
        let layout = Layout::strided(&shape, &strides, 1000).unwrap();
        let all: Vec<i128> = addresses(&layout).concat();
        let expected = all.iter().min().zip(all.iter().max());
        let expected = expected.map(|(low, high)| (*low, *high + 4));
        assert_eq!(layout.reach(4), expected, "{layout:?}");
    }
}

#[rstest]
fn taking_frames_and_channels_takes_just_these(
    #[values(0, 1, 2, 5)] count_of_axis: usize,
    #[values(-16, 0, 4, 12)] stride: isize,
) {
    let shape = [3, count_of_axis];
    let along = Layout::strided(&shape, &[100, stride], 500).unwrap();
    let across = Layout::strided(&[count_of_axis, 3], &[stride, 100], 500).unwrap();
    let every_step = (-5..=5).filter(|step| *step != 0);
    for step in every_step {
        for (start, count) in (0..49).map(|i| (i / 7, i % 7)) {
            let index = |i: usize| start as isize + i as isize * step;
            let inside = |i: usize| (0..count_of_axis as isize).contains(&index(i));
            let frames = along.take_frames(start, count, step);
            let channels = across.take_channels(start, count, step);
            if !(0..count).all(inside) {
                for (taken, of) in [(frames, "frame"), (channels, "channel")] {
                    assert!(
                        matches!(taken, Err(Error::IndexOutOfRange { what, .. }) if what == of)
                    );
                }
                continue;
            }
            let expected: Vec<Vec<i128>> = addresses(&along)
                .iter()
                .map(|row| (0..count).map(|i| row[index(i) as usize]).collect())
                .collect();
            for taken in [frames.unwrap(), channels.unwrap().transposed()] {
                assert_eq!(addresses(&taken), expected, "{start} {count} {step}");
            }
        }
    }
}

#[test]
fn a_step_of_zero_takes_no_more_than_there_is() {
    let layout = Layout::contiguous(&[10], 4).unwrap();
    let taken = layout.take_frames(3, usize::MAX, 0);
    let is_refused = matches!(taken, Err(Error::IndexOutOfRange { .. }));
    assert!(is_refused, "{taken:?}");
}

#[test]
fn one_channel_is_mono() {
    let stereo = Layout::contiguous(&[2, 10], 4).unwrap();
    let right = stereo.channel(1).unwrap();
    assert_eq!((right.ndim(), right.offset()), (1, 40));
    assert_eq!((right.shape(), right.strides()), (&[10][..], &[4][..]));
    let outside = Error::IndexOutOfRange {
        what: "channel",
        index: 2.into(),
        count: 2,
    };
    assert_eq!(stereo.channel(2), Err(outside));
}

#[rstest]
#[case::the_same(&[2, 5], &[2, 5], &[20, 4])]
#[case::one_curve_for_all_channels(&[5], &[2, 5], &[0, 4])]
#[case::one_gain_per_channel(&[2, 1], &[2, 5], &[4, 0])]
#[case::one_sample_as_two_axes(&[1, 1], &[2, 5], &[0, 0])]
#[case::one_sample_as_an_axis(&[1], &[5], &[0])]
#[case::a_bare_sample(&[], &[5], &[0])]
#[case::a_bare_sample_in_stereo(&[], &[2, 5], &[0, 0])]
#[case::into_no_frames(&[1], &[0], &[0])]
fn operands_are_repeated_as_numpy_repeats_them(
    #[case] operand: &[usize],
    #[case] audio: &[usize],
    #[case] strides: &[isize],
) {
    let target = Layout::contiguous(audio, 4).unwrap();
    let operand = Layout::contiguous(operand, 4).unwrap();
    let wide = operand.broadcast_into(&target).unwrap();
    assert_eq!((wide.shape(), wide.strides()), (audio, strides));
}

#[rstest]
#[case::too_short(&[4], &[5])]
#[case::too_long(&[5], &[1])]
#[case::stereo_into_mono(&[1, 5], &[5])]
#[case::other_channels(&[3, 5], &[2, 5])]
#[case::nothing_into_something(&[0], &[5])]
fn operands_that_do_not_fit_are_not_repeated(#[case] operand: &[usize], #[case] audio: &[usize]) {
    let target = Layout::contiguous(audio, 4).unwrap();
    let operand = Layout::contiguous(operand, 4).unwrap();
    assert_eq!(operand.broadcast_into(&target), None);
}

#[rstest]
#[case::in_one_row(&[usize::MAX], 1)]
#[case::by_the_size(&[usize::MAX / 4], 8)]
#[case::by_the_channels(&[usize::MAX / 8, 4], 8)]
#[case::just_past_the_limit(&[isize::MAX as usize / 8 + 1], 8)]
fn a_layout_past_the_address_space_is_too_large(#[case] shape: &[usize], #[case] size: usize) {
    let layout = Layout::contiguous(shape, size);
    assert!(matches!(layout, Err(Error::TooLarge { .. })), "{layout:?}");
}

/// Strides of zero reach one sample as often as one likes; their number has to be a number all the same.
#[test]
fn more_samples_than_can_be_counted_are_too_many() {
    let layout = Layout::strided(&[1 << 33, 1 << 34], &[0, 0], 0);
    let refused = Error::TooManySamples {
        channels: 1 << 33,
        frames: 1 << 34,
    };
    assert_eq!(layout, Err(refused));
}

#[test]
fn three_axes_are_no_audio() {
    let shape = vec![2, 3, 4];
    let contiguous = Layout::contiguous(&shape, 4);
    let strided = Layout::strided(&shape, &[48, 16, 4], 0);
    let refused = Err(Error::NotAudio { shape });
    assert_eq!((&contiguous, &strided), (&refused, &refused));
}

#[rstest]
#[case::rows(&[3, 5], &[20, 4], true, false)]
#[case::columns(&[3, 5], &[4, 12], false, true)]
#[case::one_row(&[1, 5], &[999, 4], true, true)]
#[case::one_column(&[3, 1], &[4, 999], true, true)]
#[case::every_other(&[5], &[8], false, false)]
#[case::backwards(&[5], &[-4], false, false)]
#[case::nothing(&[0, 5], &[7, 7], true, true)]
#[case::repeated(&[2, 5], &[0, 4], false, false)]
fn contiguity_is_what_numpy_calls_it(
    #[case] shape: &[usize],
    #[case] strides: &[isize],
    #[case] rows: bool,
    #[case] columns: bool,
) {
    let layout = Layout::strided(shape, strides, 0).unwrap();
    assert_eq!(layout.is_contiguous(4), rows);
    assert_eq!(layout.is_fortran_contiguous(4), columns);
}

#[rstest]
#[case::side_by_side(&[2, 7], &[56, 8], false)]
#[case::interleaved(&[2, 7], &[8, 16], false)]
#[case::reversed(&[7], &[-8], false)]
#[case::one_sample_everywhere(&[7], &[0], true)]
#[case::windows_that_overlap(&[2, 7], &[8, 8], true)]
#[case::one_channel_of_windows(&[1, 7], &[0, 8], false)]
#[case::half_a_sample_apart(&[7], &[4], true)]
#[case::nothing(&[0, 7], &[0, 0], false)]
fn samples_that_share_bytes_with_each_other_are_found(
    #[case] shape: &[usize],
    #[case] strides: &[isize],
    #[case] expected: bool,
) {
    let layout = Layout::strided(shape, strides, 0).unwrap();
    assert_eq!(layout.overlaps_itself(8), expected);
}

#[rstest]
#[case::rows(&[3, 5], &[20, 4], Order::Channels)]
#[case::columns(&[3, 5], &[4, 12], Order::Frames)]
#[case::mono(&[5], &[4], Order::Both)]
#[case::one_row(&[1, 5], &[999, 4], Order::Both)]
#[case::one_column(&[3, 1], &[4, 999], Order::Both)]
#[case::one_column_of_every_other(&[3, 1], &[8, 4], Order::None)]
#[case::every_other(&[5], &[8], Order::None)]
#[case::backwards(&[5], &[-4], Order::None)]
#[case::rows_with_a_gap(&[3, 5], &[24, 4], Order::None)]
#[case::frames_with_a_gap(&[3, 5], &[4, 16], Order::None)]
#[case::rows_in_reverse(&[3, 5], &[-20, 4], Order::None)]
fn samples_side_by_side_are_so_in_one_order_or_the_other(
    #[case] shape: &[usize],
    #[case] strides: &[isize],
    #[case] expected: Order,
) {
    let layout = Layout::strided(shape, strides, 0).unwrap();
    assert_eq!(layout.order(4), expected);
}

#[rstest]
#[case::rows(&[3, 5], &[20, 4], &[40, 8])]
#[case::rows_with_a_gap(&[3, 5], &[96, 4], &[40, 8])]
#[case::columns(&[3, 5], &[4, 12], &[8, 24])]
#[case::columns_backwards(&[3, 5], &[4, -12], &[8, 24])]
#[case::mono(&[5], &[-12], &[8])]
fn a_result_lies_as_the_samples_do_it_was_made_of(
    #[case] shape: &[usize],
    #[case] strides: &[isize],
    #[case] expected: &[isize],
) {
    let alike = Layout::strided(shape, strides, 400).unwrap();
    let alike = alike.contiguous_alike(8).unwrap();
    assert_eq!((alike.shape(), alike.strides()), (shape, expected));
    assert_eq!(alike.offset(), 0);
}
