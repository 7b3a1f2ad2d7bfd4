//! Random numbers, elementary functions, schedules and hashes.

use flatmin::hash::Crc32;
use flatmin::math;
use flatmin::registry;
use flatmin::rng::{self, Draws, Key, Stream, TILE};
use flatmin::schedule::{Anneal, Cosine, Linear, Schedule, SwaRate, WarmUp};
use flatmin::state::Words;

must_not_panic! {
    fn functions(tile: u32, key: &Key, x: f32, out: &mut [f32; TILE]) -> f32 {
        let words = rng::words(tile, *key);
        let normals = rng::normals(tile, *key);
        rng::write_normals(tile, *key, out);
        let [a, b, c, d] = rng::philox([tile; 4], [tile; 2]);
        let (sin, cos) = math::sincos_turn(a);
        let pair = rng::box_muller(b, c);
        let sum: f32 = words.as_flattened().iter().zip(normals).map(|(word, z)| *word as f32 * z).sum();
        sum + math::ln(x) + math::sqrt(x) + sin + cos + pair.0 + rng::unit(d)
    }

    fn draws(items: &mut [u32], n: u32, seed: u64) -> f32 {
        let mut draws = Draws::new(Key::new(seed, Stream::Shuffle, n));
        draws.shuffle(items);
        draws.below(n) as f32 + draws.normal() + draws.unit()
    }

    fn schedules(step: u32, total: u32, x: f32) -> f32 {
        let then = Anneal { from: x, to: 0.0, until: x };
        WarmUp { from: x, steps: total, then }.at(step, total) + SwaRate { lr: x, swa_lr: x, start: total }.at(step, total)
    }

    fn names(bytes: &[u8]) -> bool {
        core::str::from_utf8(bytes).is_ok_and(|name| registry::find(name).is_some())
    }

    fn draws_from_anywhere(key: &Key, part: u32, position: u64) -> u64 {
        let mut draws = Draws::at(key.part(part), position);
        u64::from(draws.word()) + draws.position()
    }

    fn more_schedules(step: u32, total: u32, x: f32) -> f32 {
        let linear = Linear::rising_with_mean(x);
        linear.at(step, total) + Cosine { from: x, to: x }.at(step, total) + Schedule::at(&x, step, total)
    }

    fn words(key: &Key, x: f32, flag: bool, from: &mut &[u32]) -> u32 {
        let mut sum = 0;
        let mut put = |word: u32| sum ^= word;
        Words::put(((*key, x), (flag, ())), &mut put);
        let mut next = || match from.split_first() {
            Some((word, rest)) => {
                *from = rest;
                *word
            }
            None => 0,
        };
        let ((key, x), (flag, number)) = <((Key, f32), (bool, u32)) as Words>::take(&mut next);
        sum ^ key.step ^ x.to_bits() ^ number ^ u32::from(flag)
    }

    fn crc(crc: &Crc32, bytes: &[u8], values: &[f32]) -> u32 {
        let mut crc = *crc;
        crc.bytes(bytes);
        crc.floats(values);
        let empty = if bytes.is_empty() { Crc32::new() } else { Crc32::default() };
        crc.finish() ^ Crc32::finish(empty)
    }
}
