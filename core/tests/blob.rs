//! A blob is read as it was written, and whatever happens to its bytes ends in a typed error.

use flatmin::blob::{Blob, Contents, Error, layout_hash};
use flatmin::hash::Crc32;
use flatmin::nn::{self, Bias, Conv1d, Dense, Frozen, Network, Relu};
use flatmin::rng::{Draws, Key, Stream};
use flatmin::tune::Samples;

type Net = nn::seq!(Dense<6, 4>, Relu<4>, Dense<4, 3>);

const WEIGHTS: [f32; Net::PARAMS] = [0.25; Net::PARAMS];
const VALUES: [i8; 18] = [1, -2, 3, 4, -5, 6, 127, -128, 0, 10, 11, 12, 9, 8, 7, 6, 5, 4];
const LOGITS: [f32; 6] = [1.0, -2.0, 0.5, 3.0, 0.0, -1.0];
const SCALE: [f32; 2] = [0.5, 0.25];

fn contents() -> Contents<'static> {
    Contents {
        layout: layout_hash::<Net>(),
        classes: 3,
        left_out: 7,
        mean: &[1.0, -1.0],
        sd: &[2.0, 0.5],
        weights: &WEIGHTS,
        replay: Samples::new(6, &VALUES[..12], &[2, 0], &SCALE).unwrap(),
        logits: &LOGITS,
        validation: Samples::new(6, &VALUES[12..], &[1], &SCALE).unwrap(),
    }
}

fn written(contents: &Contents<'_>) -> Vec<u32> {
    let mut words = Vec::new();
    contents.write(&mut |word| words.push(u32::from_ne_bytes(word))).unwrap();
    words
}

fn bytes(words: &mut [u32]) -> &mut [u8] {
    bytemuck::cast_slice_mut(words)
}

/// Gives changed bytes a right checksum.
fn seal(bytes: &mut [u8]) {
    let (body, stored) = bytes.split_last_chunk_mut::<4>().unwrap();
    let mut crc = Crc32::new();
    crc.bytes(body);
    *stored = crc.finish().to_le_bytes();
}

/// Reads everything that a blob offers.
fn use_all(blob: &Blob<'_>) {
    let mut x = vec![0.0; blob.inputs()];
    for samples in [blob.replay(), blob.validation()] {
        for i in 0..=samples.len() {
            samples.read(i, &mut x);
            let _ = blob.logits(i);
        }
    }
    blob.standardise(&mut x);
    let _ = blob.of::<Net>();
}

#[test]
fn what_was_written_is_read() {
    let mut words = written(&contents());
    words.push(0xffff_ffff); // what follows in the flash does not matter
    let blob = Blob::parse(bytes(&mut words)).unwrap().of::<Net>().unwrap();
    assert_eq!((blob.weights(), blob.inputs(), blob.classes(), blob.left_out()), (&WEIGHTS[..], 6, 3, 7));
    assert_eq!((blob.mean(), blob.sd()), (&[1.0, -1.0][..], &[2.0, 0.5][..]));
    assert_eq!((blob.replay(), blob.validation()), (contents().replay, contents().validation));
    assert_eq!([0, 1].map(|i| blob.logits(i).unwrap()), [&LOGITS[..3], &LOGITS[3..]]);
    assert_eq!(blob.logits(2), None);
    let mut x = [0.0; 6];
    assert_eq!((blob.replay().read(1, &mut x), x), (Some(0), [63.5, -32.0, 0.0, 2.5, 5.5, 3.0]));
}

#[test]
fn a_blob_without_samples_is_a_blob() {
    let none = Samples::new(6, &[], &[], &SCALE).unwrap();
    let contents = Contents { replay: none, validation: none, logits: &[], ..contents() };
    let mut words = written(&contents);
    let blob = Blob::parse(bytes(&mut words)).unwrap();
    assert!(blob.replay().is_empty() && blob.validation().is_empty() && blob.logits(0).is_none());
}

#[test]
fn every_flipped_bit_is_found() {
    let mut words = written(&contents());
    let count = 8 * bytes(&mut words).len();
    for bit in 0..count {
        let flip = |words: &mut [u32]| bytes(words)[bit / 8] ^= 1 << (bit % 8);
        flip(&mut words);
        assert!(Blob::parse(bytes(&mut words)).is_err(), "bit {bit}");
        flip(&mut words);
    }
    assert!(Blob::parse(bytes(&mut words)).is_ok());
}

#[test]
fn every_cut_is_found_and_says_how_much_is_missing() {
    let mut words = written(&contents());
    let whole = bytes(&mut words);
    for len in 0..whole.len() {
        match Blob::parse(&whole[..len]) {
            Err(Error::Truncated { needed, found }) => assert!(found == len && needed > len),
            other => panic!("{len}: {other:?}"),
        }
    }
}

#[test]
fn a_sealed_blob_of_nonsense_is_refused_or_harmless() {
    let mut draws = Draws::new(Key::new(1, Stream::Split, 0));
    let (mut read, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let mut words = written(&contents());
        for _ in 0..1 + draws.below(3) {
            // Mostly the header, where sizes are.
            let end = if draws.unit() < 0.8 { 11 } else { words.len() as u32 - 1 };
            let at = draws.below(end) as usize;
            words[at] = [draws.word(), draws.below(9), u32::MAX, 0x7fc0_0000][draws.below(4) as usize];
        }
        seal(bytes(&mut words));
        match Blob::parse(bytes(&mut words)) {
            Ok(blob) => {
                use_all(&blob);
                read += 1;
            }
            Err(error) => {
                assert!(!error.to_string().is_empty());
                refused += 1;
            }
        }
    }
    assert!(read > 100 && refused > 100, "{read} read, {refused} refused");
}

#[test]
fn each_fault_has_its_error() {
    let fault = |change: &dyn Fn(&mut [u32])| {
        let mut words = written(&contents());
        change(&mut words);
        seal(bytes(&mut words));
        Blob::parse(bytes(&mut words)).map(drop).unwrap_err()
    };
    assert_eq!(fault(&|words| words[0] = u32::MAX), Error::Magic([255; 4]));
    assert_eq!(fault(&|words| words[1] += 1), Error::Version(2));
    assert_eq!(fault(&|words| words[4] += 1), Error::Malformed("sizes"));
    assert_eq!(fault(&|words| words[4] = u32::MAX), Error::Malformed("sizes"));
    assert_eq!(fault(&|words| words[10] = f32::NAN.to_bits()), Error::Malformed("mean"));
    assert_eq!(fault(&|words| words[12] = 0), Error::Malformed("standard deviation"));
    assert_eq!(fault(&|words| words[14] = (-0.5f32).to_bits()), Error::Malformed("scale"));
    assert_eq!(fault(&|words| words[16] = f32::INFINITY.to_bits()), Error::Malformed("weights"));
    let last = written(&contents()).len() - 2;
    assert_eq!(fault(&|words| words[last] = 7), Error::Malformed("label of a validation sample"));

    let mut words = written(&contents());
    let Err(Error::Layout { expected, found }) = Blob::parse(bytes(&mut words)).unwrap().of::<Dense<6, 3>>()
    else {
        panic!("a blob passed for that of another network")
    };
    assert_eq!((expected, found), (layout_hash::<Dense<6, 3>>(), layout_hash::<Net>()));
    let mut shifted = vec![0_u32; words.len() + 1];
    bytes(&mut shifted)[1..=4 * words.len()].copy_from_slice(bytes(&mut words));
    assert_eq!(Blob::parse(&bytes(&mut shifted)[1..]).unwrap_err(), Error::Unaligned);
}

#[test]
fn what_would_be_refused_is_not_written() {
    let refused = |contents: Contents<'_>| contents.write(&mut |_| panic!("a word was written")).unwrap_err();
    let good = contents();
    assert_eq!(refused(Contents { sd: &[1.0, 0.0], ..good }), Error::Malformed("standard deviation"));
    assert_eq!(refused(Contents { logits: &LOGITS[..5], ..good }), Error::Malformed("number of logits"));
    assert_eq!(refused(Contents { classes: 2, logits: &LOGITS[..4], ..good }), Error::Malformed("label"));
    assert_eq!(refused(Contents { weights: &[f32::NAN], ..good }), Error::Malformed("weights"));
    let short = Samples::new(3, &VALUES[..3], &[0], &SCALE).unwrap();
    assert_eq!(
        refused(Contents { validation: short, ..good }),
        Error::Malformed("length of a validation sample")
    );
}

#[test]
fn the_hash_knows_shapes_and_not_scopes() {
    type All = nn::seq!(Conv1d<2, 9, 3, 2, 3>, Relu<12>, Dense<12, 4>);
    type Last = nn::seq!(Conv1d<2, 9, 3, 2, 3, Frozen>, Relu<12>, Dense<12, 4>);
    type Biases = nn::seq!(Conv1d<2, 9, 3, 2, 3, Bias>, Relu<12>, Dense<12, 4, Bias>);
    type Wide = nn::seq!(Conv1d<2, 9, 3, 2, 3>, Relu<12>, Dense<12, 5>);
    // The same tensors, another stride.
    type Dense1 = nn::seq!(Conv1d<1, 9, 3, 2, 3>, Relu<12>, Dense<12, 4>);
    type Dense2 = nn::seq!(Conv1d<1, 6, 3, 1, 3>, Relu<12>, Dense<12, 4>);
    let hash = layout_hash::<All>();
    assert_eq!([layout_hash::<Last>(), layout_hash::<Biases>()], [hash; 2]);
    assert!(hash != layout_hash::<Wide>() && layout_hash::<Dense1>() != layout_hash::<Dense2>());
}

#[test]
fn an_embedded_file_is_aligned() {
    let bytes: &'static [u8] = flatmin::include_blob!("blob.rs");
    assert_eq!(bytes, include_bytes!("blob.rs"));
    assert_eq!(bytes.as_ptr().align_offset(4), 0);
    assert!(matches!(Blob::parse(bytes), Err(Error::Magic(_))));
}
