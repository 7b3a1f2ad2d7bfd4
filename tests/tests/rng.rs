//! The random numbers: known answers, statistics with justified bars, and the mapping from words to elements.

use flatmin::math::{ln, sincos_turn};
use flatmin::rng::{Draws, Key, Stream, TILE, normals, philox, unit, words};
use flatmin_tests::compare::{close, same_bits};
use flatmin_tests::problems::SplitMix;
use flatmin_tests::tolerance::tolerance;

/// Random123's `kat_vectors`.
#[test]
fn philox_gives_the_known_answers() {
    let pi = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
    for (counter, key, expected) in [
        ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
        ([!0; 4], [!0; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
        (pi, [0xa409_3822, 0x299f_31d0], [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]),
    ] {
        assert_eq!(philox(counter, key), expected, "{counter:x?} {key:x?}");
    }
}

/// Flips each input bit of many random inputs: the largest distance of an output bit's flip count from a half, in
/// standard deviations, over all pairs of bits.
fn avalanche<const N: usize>(f: impl Fn([u32; N]) -> [u32; 4]) -> f64 {
    const TRIALS: u32 = 2048;
    let mut random = SplitMix(1);
    let mut flips = vec![[0_u32; 128]; 32 * N];
    for _ in 0..TRIALS {
        let input: [u32; N] = std::array::from_fn(|_| random.word());
        let output = f(input);
        for (bit, flips) in flips.iter_mut().enumerate() {
            let mut other = input;
            other[bit / 32] ^= 1 << (bit % 32);
            let other = f(other);
            for word in 0..4 {
                let difference = output[word] ^ other[word];
                for (i, count) in flips[32 * word..][..32].iter_mut().enumerate() {
                    *count += difference >> i & 1;
                }
            }
        }
    }
    let deviation = f64::from(TRIALS).sqrt() / 2.0;
    let z = |count: &u32| (f64::from(*count) - f64::from(TRIALS) / 2.0).abs() / deviation;
    flips.iter().flatten().map(z).fold(0.0, f64::max)
}

#[test]
fn every_bit_of_counter_and_key_moves_every_bit_of_the_output_half_the_time() {
    let z = avalanche(|[a, b, c, d, k, l]| philox([a, b, c, d], [k, l]));
    assert!(z <= tolerance("avalanche_z"), "{z}");
}

/// The same test rejects a weaker function: pcg4d (Jarzynski & Olano 2020), whose top input bits never reach some
/// output bits.
#[test]
fn pcg4d_fails_the_avalanche_test() {
    fn mix([mut x, mut y, mut z, mut w]: [u32; 4]) -> [u32; 4] {
        x = x.wrapping_add(y.wrapping_mul(w));
        y = y.wrapping_add(z.wrapping_mul(x));
        z = z.wrapping_add(x.wrapping_mul(y));
        w = w.wrapping_add(y.wrapping_mul(z));
        [x, y, z, w]
    }
    let pcg4d = |v: [u32; 4]| {
        let v = v.map(|x| x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
        mix(mix(v).map(|x| x ^ x >> 16))
    };
    let z = avalanche(pcg4d);
    assert!(z > tolerance("avalanche_z"), "{z}");
}

/// The standard normal distribution function, by its series about 0 (exact to 1e-14 for |x| < 6).
fn phi(x: f64) -> f64 {
    let (mut term, mut sum, mut k) = (x, x, 1.0);
    while term.abs() > f64::EPSILON * sum.abs() / 4.0 {
        k += 2.0;
        term *= x * x / k;
        sum += term;
    }
    0.5 + sum * (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt()
}

/// Whether `count` of `n` trials fits the probability `p`.
fn fits(what: &str, count: usize, n: usize, p: f64) {
    let (n, count) = (n as f64, count as f64);
    let bar = tolerance("z_score") * (n * p * (1.0 - p)).sqrt();
    close(what, count, n * p, bar).unwrap();
}

#[test]
fn normal_values_are_normal() {
    let key = Key::new(0x0123_4567_89ab_cdef, Stream::Perturbation, 9);
    let z: Vec<f64> = (0..32_768).flat_map(|tile| normals(tile, key)).map(f64::from).collect();
    let n = z.len() as f64;
    let bar = tolerance("z_score");
    // The variance of z^k is E z^2k - (E z^k)^2, with E z^2k = 1, 3, 15, 105.
    for (power, expected, variance) in [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)] {
        let moment = z.iter().map(|z| z.powi(power)).sum::<f64>() / n;
        close(&format!("moment {power}"), moment, expected, bar * f64::sqrt(variance / n)).unwrap();
    }
    // Neighbours, and the two of a Box-Muller pair, which lie 16 apart; squares too, since a pair shares its radius.
    for lag in [1, 2, 16, 32, 48, 64] {
        let pairs = || z.iter().zip(&z[lag..]);
        let product = pairs().map(|(a, b)| a * b).sum::<f64>() / n;
        close(&format!("covariance at {lag}"), product, 0.0, bar / n.sqrt()).unwrap();
        let squares = pairs().map(|(a, b)| (a * a - 1.0) * (b * b - 1.0)).sum::<f64>() / n;
        close(&format!("covariance of squares at {lag}"), squares, 0.0, bar * 2.0 / n.sqrt()).unwrap();
    }
    for edge in [1.0, 2.0, 3.0, 4.0] {
        let p = 1.0 - phi(edge);
        fits(&format!("above {edge}"), z.iter().filter(|z| **z > edge).count(), z.len(), p);
        fits(&format!("below -{edge}"), z.iter().filter(|z| **z < -edge).count(), z.len(), p);
    }
    assert!(z.iter().all(|z| z.abs() <= tolerance("normal_max")));

    let mut sorted = z;
    sorted.sort_unstable_by(f64::total_cmp);
    let distance = sorted.iter().enumerate().map(|(i, z)| {
        let p = phi(*z);
        (p - i as f64 / n).abs().max(((i + 1) as f64 / n - p).abs())
    });
    let d = distance.fold(0.0, f64::max) * n.sqrt();
    assert!(d <= tolerance("ks"), "sqrt(n) D = {d}");
}

/// The ends of both words' ranges.
#[test]
fn extreme_words_give_finite_values() {
    for a in [0, 255, 256, u32::MAX - 255, u32::MAX] {
        for b in [0, 1 << 29, 1 << 30, 1 << 31, 3 << 30, u32::MAX] {
            let (x, y) = flatmin::rng::box_muller(a, b);
            let radius = f64::from(x).hypot(y.into());
            assert!(radius <= tolerance("normal_max"), "{a:x} {b:x}: {x} {y}");
        }
    }
    assert_eq!(flatmin::rng::box_muller(u32::MAX, 0), (0.0, 0.0));
    assert_eq!((unit(0), unit(255)), (0.0, 0.0));
    assert_eq!(unit(u32::MAX), 1.0_f32.next_down());
}

/// Element i is word `i / 16 % 4` of counter `16 * (i / 64) + i % 16`, and words (0, 1) and (2, 3) make a pair.
#[test]
fn tiles_map_elements_to_words_as_documented() {
    let key = Key::new(0xfeed_f00d_dead_beef, Stream::Init, 77).part(3);
    for tile in [0, 1, 2, 1000, 0x0fff_ffff, 0x1000_0000, u32::MAX] {
        let (found, noise) = (words(tile, key), normals(tile, key));
        let mut expected = [0.0; TILE];
        for (e, expected) in expected.iter_mut().enumerate() {
            let i = TILE as u64 * u64::from(tile) + e as u64;
            let counter = 16 * (i / 64) + i % 16;
            let word = philox(
                [counter as u32, (counter >> 32) as u32, key.step, key.stream],
                [key.seed_low, key.seed_high],
            );
            let row = (i / 16 % 4) as usize;
            assert_eq!(found[row][(i % 16) as usize], word[row], "tile {tile}, element {e}");
            let pair = flatmin::rng::box_muller(word[row & 2], word[row | 1]);
            *expected = if row & 1 == 0 { pair.0 } else { pair.1 };
        }
        same_bits(&format!("tile {tile}"), &noise, &expected).unwrap();
    }
}

#[test]
fn integers_below_a_bound_are_unbiased() {
    const N: usize = 300_000;
    let mut draws = Draws::new(Key::new(5, Stream::Shuffle, 0));
    for n in [2, 3, 6, 7, 10, 100] {
        let mut counts = vec![0; n as usize];
        (0..N).for_each(|_| counts[draws.below(n) as usize] += 1);
        for (i, count) in counts.into_iter().enumerate() {
            fits(&format!("{i} below {n}"), count, N, 1.0 / f64::from(n));
        }
    }
    // Where the remainder alone would favour the lower third twofold.
    let n = 3 << 30;
    let low = (0..N).filter(|_| draws.below(n) < 1 << 30).count();
    fits("the lower third of 3 * 2^30", low, N, 1.0 / 3.0);
    let biased = (0..N).filter(|_| draws.word() % n < 1 << 30).count();
    assert!(biased > N * 9 / 20, "the remainder should be biased: {biased}");
    assert_eq!((draws.below(0), draws.below(1)), (0, 0));
    assert!((0..100).all(|_| draws.below(1 << 31) < 1 << 31));
}

#[test]
fn units_are_uniform() {
    const N: usize = 300_000;
    let mut draws = Draws::new(Key::new(6, Stream::Coin, 0));
    let mut counts = [0; 16];
    for _ in 0..N {
        let u = draws.unit();
        assert!((0.0..1.0).contains(&u));
        counts[(u * 16.0) as usize] += 1;
    }
    counts.iter().for_each(|count| fits("a sixteenth", *count, N, 1.0 / 16.0));
}

#[test]
fn shuffling_is_a_permutation_and_all_are_equally_likely() {
    let mut draws = Draws::new(Key::new(7, Stream::Shuffle, 1));
    for n in [0, 1, 2, 3, 17, 1000] {
        let mut items: Vec<u32> = (0..n).collect();
        draws.shuffle(&mut items);
        assert!(n < 17 || !items.is_sorted());
        items.sort_unstable();
        assert!(items.into_iter().eq(0..n));
    }
    const N: usize = 240_000;
    let mut counts = std::collections::BTreeMap::new();
    for _ in 0..N {
        let mut items = [0, 1, 2, 3];
        draws.shuffle(&mut items);
        *counts.entry(items).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), 24);
    counts.iter().for_each(|(order, count)| fits(&format!("{order:?}"), *count, N, 1.0 / 24.0));
}

/// Draws are the words of counters 0, 1, 2, ... one after another.
#[test]
fn draws_are_the_words_of_the_counter() {
    let key = Key::new(0x1_0000_0002, Stream::Split, 3);
    let mut draws = Draws::new(key);
    for counter in 0..5 {
        for word in philox([counter, 0, 3, Stream::Split as u32], [2, 1]) {
            assert_eq!(draws.word(), word);
        }
    }
}

const STREAMS: [Stream; 8] = [
    Stream::Perturbation,
    Stream::Coin,
    Stream::Init,
    Stream::Shuffle,
    Stream::LabelNoise,
    Stream::Labelled,
    Stream::Replay,
    Stream::Split,
];

/// Does not compile when a stream is added: add it to `STREAMS`.
fn number(stream: Stream) -> usize {
    match stream {
        Stream::Perturbation => 0,
        Stream::Coin => 1,
        Stream::Init => 2,
        Stream::Shuffle => 3,
        Stream::LabelNoise => 4,
        Stream::Labelled => 5,
        Stream::Replay => 6,
        Stream::Split => 7,
    }
}

#[test]
fn streams_and_parts_do_not_collide() {
    let mut seen = std::collections::BTreeSet::new();
    for (i, stream) in STREAMS.into_iter().enumerate() {
        assert_eq!(number(stream), i);
        assert!((1..256).contains(&(stream as u32)), "the upper 24 bits belong to the part");
        for part in [0, 1, 2, 3, 255, 256, 65_535, 65_536, (1 << 24) - 1] {
            let key = Key::new(11, stream, 5).part(part);
            assert_eq!((key.seed_low, key.seed_high, key.step), (11, 0, 5));
            assert!(seen.insert(key.stream), "{stream:?} part {part}");
        }
    }
}

/// Every value that Box-Muller takes the logarithm of in steps, and floats of all exponents.
#[test]
fn ln_is_as_close_as_documented() {
    let mut random = SplitMix(3);
    let uniform = (1..=1_u32 << 24).step_by(7).chain([1 << 24]).map(|k| k as f32 / 16_777_216.0);
    let any = (0..2_000_000).map(|_| f32::from_bits(0x0080_0000 + random.below(0x7f00_0000)));
    let mut worst = (0.0, 0.0);
    for x in uniform.chain(any) {
        let exact = f64::from(x).ln();
        let near = (exact as f32).abs();
        // The distance of floats in the binade of the exact value.
        let ulp = f64::from(f32::from_bits(near.to_bits() & 0x7f80_0000)) * f64::from(f32::EPSILON);
        let error = (f64::from(ln(x)) - exact).abs();
        if exact == 0.0 {
            assert_eq!(ln(x), 0.0);
        } else if error / ulp > worst.0 {
            worst = (error / ulp, x);
        }
    }
    assert!(worst.0 <= tolerance("ln_ulp"), "{} ULP at {:e}", worst.0, worst.1);
}

#[test]
fn sincos_is_as_close_as_documented() {
    let mut worst = (0.0, 0);
    let edges = (0..8).flat_map(|k: u32| (0..64).map(move |j| (k << 29).wrapping_add(j).wrapping_sub(32)));
    for turn in (0..1_u32 << 22).map(|i| i.wrapping_mul(0x9e37_79b9)).chain(edges) {
        let (sin, cos) = sincos_turn(turn);
        let (exact_sin, exact_cos) = (f64::from(turn) * std::f64::consts::TAU / 4_294_967_296.0).sin_cos();
        let error = (f64::from(sin) - exact_sin).abs().max((f64::from(cos) - exact_cos).abs());
        if error > worst.0 {
            worst = (error, turn);
        }
    }
    assert!(worst.0 <= tolerance("sincos"), "{:e} at turn {:08x}", worst.0, worst.1);
    assert_eq!(sincos_turn(0), (0.0, 1.0));
}
