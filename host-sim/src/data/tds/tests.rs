use super::*;
use crate::data::{digits, fmnist, wrist};
use proptest::prelude::*;

/// A file of either kind and any dtype, small enough to break it thousands of times.
fn small(streams: bool, dtype: Dtype, seed: u32) -> Tds {
    let (low, high) = dtype.range();
    let span = i64::from(high) - i64::from(low) + 1;
    let value = |i: u32| {
        i16::try_from(i64::from(low) + i64::from(seed.wrapping_mul(2_654_435_761) ^ (i * 97)) % span)
    };
    let values: Vec<i16> = (0..24).map(|i| value(i).unwrap()).collect();
    let body = if streams {
        let record = |first, frames, label| Record { first, frames, label, subject: 4, side: 1 };
        Body::Streams(Streams {
            scales: vec![0.5, 0.25],
            records: vec![record(0, 5, 2), record(5, 7, 0)],
            frames: values,
        })
    } else {
        Body::Samples(Samples {
            scale: 0.125,
            values,
            labels: vec![0, 1, 2, 0],
            groups: vec![0, 0, 1, 1],
            splits: vec![0, 0, 0, 1],
        })
    };
    let (dims, rate_mhz) = if streams { ([1, 1, 2], 25_000) } else { ([3, 2, 1], 0) };
    Tds { classes: 3, channels: 2, dtype, dims, rate_mhz, body }
}

fn any_small() -> impl Strategy<Value = Tds> {
    let dtype = prop_oneof![Just(Dtype::U8), Just(Dtype::I8), Just(Dtype::I16), Just(Dtype::U4)];
    (any::<bool>(), dtype, any::<u32>()).prop_map(|(streams, dtype, seed)| small(streams, dtype, seed))
}

/// Puts a checksum under damaged bytes that fits them, so that the damage reaches the checks behind it.
fn reseal(bytes: &mut [u8]) {
    if let Some(body) = bytes.len().checked_sub(CRC_BYTES) {
        let crc = crc32fast::hash(&bytes[..body]);
        bytes[body..].copy_from_slice(&crc.to_le_bytes());
    }
}

proptest! {
    #[test]
    fn encode_then_decode_is_the_identity(tds in any_small()) {
        prop_assert_eq!(decode(&encode(&tds).unwrap()), Ok(tds));
    }

    #[test]
    fn a_truncated_file_is_an_error(tds in any_small(), cut in 1usize..200) {
        let bytes = encode(&tds).unwrap();
        prop_assert!(decode(&bytes[..bytes.len().saturating_sub(cut)]).is_err());
    }

    #[test]
    fn a_flipped_bit_is_an_error(tds in any_small(), at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let mut bytes = encode(&tds).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(decode(&bytes).is_err());
    }

    #[test]
    fn damage_under_a_valid_checksum_never_panics(
        tds in any_small(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in 0usize..40,
    ) {
        let mut bytes = encode(&tds).unwrap();
        bytes.truncate(bytes.len() - cut);
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        reseal(&mut bytes);
        if let Ok(tds) = decode(&bytes) {
            let _ = crate::data::Dataset::try_from(&tds);
        }
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(decode(&bytes).is_err());
    }
}

#[test]
fn huge_counts_are_refused_before_memory_is_asked_for() {
    let mut bytes = encode(&small(false, Dtype::U8, 1)).unwrap();
    bytes[8..18].fill(0xff);
    assert!(matches!(decode(&bytes), Err(TdsError::TooLarge { .. } | TdsError::Truncated { .. })));
}

#[test]
fn a_label_outside_the_classes_is_named() {
    let mut tds = small(false, Dtype::U8, 1);
    tds.classes = 2;
    assert_eq!(encode(&tds), Err(TdsError::Label { item: 2, label: 2, classes: 2 }));
    let mut bytes = encode(&small(true, Dtype::I8, 1)).unwrap();
    bytes[6] = 1;
    reseal(&mut bytes);
    assert_eq!(decode(&bytes), Err(TdsError::Label { item: 0, label: 2, classes: 1 }));
}

#[test]
fn a_record_outside_the_frames_is_named() {
    let mut bytes = encode(&small(true, Dtype::I16, 1)).unwrap();
    bytes[HEADER_BYTES + 8..HEADER_BYTES + 12].copy_from_slice(&u32::MAX.to_le_bytes());
    reseal(&mut bytes);
    let end = 2 * u64::from(u32::MAX);
    assert!(matches!(decode(&bytes), Err(TdsError::Span { stream: 0, end: e, frames: 12, .. }) if e < end));
}

#[test]
fn values_that_do_not_fit_are_refused() {
    let mut tds = small(false, Dtype::U4, 3);
    let Body::Samples(samples) = &mut tds.body else { unreachable!() };
    samples.values[5] = 16;
    assert_eq!(encode(&tds), Err(TdsError::Range { index: 5, value: 16, dtype: Dtype::U4 }));
}

#[test]
fn the_embedded_files_survive_a_round_trip() {
    for bytes in [digits::BYTES, wrist::BYTES, fmnist::BYTES] {
        assert_eq!(encode(&decode(bytes).unwrap()).unwrap(), bytes);
    }
}
