//! Counter-based random numbers: every draw is a pure function of (seed, step, stream, index).
//!
//! Philox4x32-10 (Salmon et al. 2011) with the counter `(index low, index high, step, stream)` and the seed as key,
//! so any element can be drawn again, in any order, on any device, with nothing to store.

use crate::lanes::SCALAR;
use crate::math;
use crate::state::Words;

/// Who draws: each use has its own number, so that no two uses share random words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Stream {
    /// Gaussian weight perturbation of a step; parts of a step count in the upper bits ([`Key::part`]).
    Perturbation = 1,
    /// The coin of a stochastic gate.
    Coin = 2,
    /// Initial weights.
    Init = 3,
    /// The order of samples in an epoch.
    Shuffle = 4,
    /// Which labels are replaced, and by what.
    LabelNoise = 5,
    /// Which samples are labelled by a new user.
    Labelled = 6,
    /// Which old samples a replay buffer holds.
    Replay = 7,
    /// How people or writers are split into known and unseen.
    Split = 8,
}

/// Addresses one block of random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Key {
    /// Lower half of the seed.
    pub seed_low: u32,
    /// Upper half of the seed.
    pub seed_high: u32,
    /// Step (or epoch, or person: whatever the user of the stream counts).
    pub step: u32,
    /// A [`Stream`], with the part of the step in the upper 24 bits.
    pub stream: u32,
}

impl Words for Key {
    const LEN: usize = 4;
    fn put(self, out: &mut impl FnMut(u32)) {
        [self.seed_low, self.seed_high, self.step, self.stream].into_iter().for_each(out);
    }
    fn take(from: &mut impl FnMut() -> u32) -> Self {
        Self { seed_low: from(), seed_high: from(), step: from(), stream: from() }
    }
}

impl Key {
    /// The block of `stream` at `step` under `seed`.
    pub const fn new(seed: u64, stream: Stream, step: u32) -> Self {
        Self { seed_low: seed as u32, seed_high: (seed >> 32) as u32, step, stream: stream as u32 }
    }

    /// The same block for part `part` (below 2^24) of the step.
    pub const fn part(self, part: u32) -> Self {
        Self { stream: self.stream | part << 8, ..self }
    }
}

/// The high and low words of a 32 x 32 bit product.
#[inline(always)]
const fn multiply(a: u32, b: u32) -> (u32, u32) {
    // ARMv6-M has no long multiply; four 16-bit products take half the time there. (Of the targets we build for it
    // is the only 32-bit Arm without compare-and-swap, and stable Rust shows no better mark of it.)
    if cfg!(all(target_arch = "arm", not(target_has_atomic = "32"))) {
        let (a0, a1, b0, b1) = (a & 0xffff, a >> 16, b & 0xffff, b >> 16);
        let t = a0 * b0;
        let k = a1 * b0 + (t >> 16);
        let l = a0 * b1 + (k & 0xffff);
        (a1 * b1 + (k >> 16) + (l >> 16), a.wrapping_mul(b))
    } else {
        let p = a as u64 * b as u64;
        // A small core has both words from one instruction. A vectorised loop wants the low one by a product of its own:
        // taken from the long one it mixes lanes of two widths, and half the time goes into shuffles.
        let low = if cfg!(target_pointer_width = "32") { p as u32 } else { a.wrapping_mul(b) };
        ((p >> 32) as u32, low)
    }
}

/// Philox4x32-10: four random words of a counter and a key.
#[inline(always)]
pub const fn philox(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let ([mut c0, mut c1, mut c2, mut c3], [mut k0, mut k1]) = (counter, key);
    let mut round = 0;
    while round < 10 {
        let (h0, l0) = multiply(0xd251_1f53, c0);
        let (h1, l1) = multiply(0xcd9e_8d57, c2);
        (c0, c1, c2, c3) = (h1 ^ c1 ^ k0, l1, h0 ^ c3 ^ k1, l0);
        k0 = k0.wrapping_add(0x9e37_79b9);
        k1 = k1.wrapping_add(0xbb67_ae85);
        round += 1;
    }
    [c0, c1, c2, c3]
}

/// Elements in a tile of noise.
pub const TILE: usize = 64;
/// Lanes of a tile: each has four words, one in each quarter.
pub(crate) const LANES: usize = TILE / 4;

/// The 64 words of tile `tile`: element `i` of a vector is word `i / 16 % 4` of counter `16 * (i / 64) + i % 16`.
///
/// This mapping needs no transposition: neighbours in memory are neighbours in SIMD lanes and in GPU threads.
#[inline(always)]
pub fn words(tile: u32, key: Key) -> [[u32; LANES]; 4] {
    let mut out = [[0; LANES]; 4];
    let [a, b, c, d] = &mut out;
    for lane in 0..LANES {
        [a[lane], b[lane], c[lane], d[lane]] = block(tile, lane, key);
    }
    out
}

/// The four words of one lane of a tile.
#[inline(always)]
pub(crate) const fn block(tile: u32, lane: usize, key: Key) -> [u32; 4] {
    let index = tile as u64 * LANES as u64 + lane as u64;
    let counter = [index as u32, (index >> 32) as u32, key.step, key.stream];
    philox(counter, [key.seed_low, key.seed_high])
}

/// The 64 standard normal values of tile `tile`: Box-Muller on word pairs (0, 1) and (2, 3) of each lane.
#[inline(always)]
pub fn normals(tile: u32, key: Key) -> [f32; TILE] {
    let mut out = [0.0; TILE];
    write_normals(tile, key, &mut out);
    out
}

/// [`normals`] where they are wanted: to return them is to copy them.
#[cfg_attr(flatmin_small, inline(never))]
#[cfg_attr(not(flatmin_small), inline(always))]
pub fn write_normals(tile: u32, key: Key, out: &mut [f32; TILE]) {
    let (rows, _) = out.as_chunks_mut::<LANES>();
    if let [x, y, z, t] = rows {
        if SCALAR {
            // One lane after another: nothing on its way waits in memory.
            for lane in 0..LANES {
                let [a, b, c, d] = block(tile, lane, key);
                (x[lane], y[lane]) = box_muller(a, b);
                (z[lane], t[lane]) = box_muller(c, d);
            }
            return;
        }
        let [a, b, c, d] = words(tile, key);
        // Two loops of short chains: more of them are under way at once than of the long one that is their sum.
        for lane in 0..LANES {
            (x[lane], z[lane]) = (radius(a[lane]), radius(c[lane]));
        }
        for lane in 0..LANES {
            (x[lane], y[lane]) = polar(x[lane], b[lane]);
            (z[lane], t[lane]) = polar(z[lane], d[lane]);
        }
    }
}

/// Two independent standard normal values of two random words; |z| is at most sqrt(2 ln 2^24) = 5.77.
#[inline(always)]
pub fn box_muller(a: u32, b: u32) -> (f32, f32) {
    polar(radius(a), b)
}

/// The length of a normal pair.
#[inline(always)]
fn radius(word: u32) -> f32 {
    // In (0, 1], exact: never the logarithm of zero.
    let u = ((word >> 8) + 1) as f32 * (1.0 / 16_777_216.0);
    math::sqrt(-2.0 * math::ln(u))
}

/// The point at distance `radius` in a random direction.
#[inline(always)]
fn polar(radius: f32, word: u32) -> (f32, f32) {
    let (sin, cos) = math::sincos_turn(word);
    (radius * cos, radius * sin)
}

/// A value in `[0, 1)` of a random word.
#[inline(always)]
pub const fn unit(word: u32) -> f32 {
    (word >> 8) as f32 * (1.0 / 16_777_216.0)
}

/// Draws one after another from the block of a key, for uses that need no random access.
#[derive(Clone, Debug)]
pub struct Draws {
    key: Key,
    counter: u64,
    block: [u32; 4],
    used: usize,
}

impl Draws {
    /// Starts at the first word of `key`.
    pub const fn new(key: Key) -> Self {
        Self { key, counter: 0, block: [0; 4], used: 4 }
    }

    /// Starts at word `position` of `key`, to go on where another generator stopped.
    pub const fn at(key: Key, position: u64) -> Self {
        let counter = position / 4;
        if position.is_multiple_of(4) {
            return Self { counter, ..Self::new(key) };
        }
        let block = philox(
            [counter as u32, (counter >> 32) as u32, key.step, key.stream],
            [key.seed_low, key.seed_high],
        );
        Self { key, counter: counter + 1, block, used: (position % 4) as usize }
    }

    /// How many words were taken since the start of the key.
    pub const fn position(&self) -> u64 {
        // A block is counted when it is drawn, and then used word by word.
        (self.counter * 4 + self.used as u64).wrapping_sub(4)
    }

    /// The next random word.
    pub fn word(&mut self) -> u32 {
        if self.used >= 4 {
            let counter = [self.counter as u32, (self.counter >> 32) as u32, self.key.step, self.key.stream];
            self.block = philox(counter, [self.key.seed_low, self.key.seed_high]);
            self.counter += 1;
            self.used = 0;
        }
        let word = self.block[self.used & 3];
        self.used += 1;
        word
    }

    /// The next value in `[0, 1)`.
    pub fn unit(&mut self) -> f32 {
        unit(self.word())
    }

    /// The next integer in `0..n` (0 if `n` is 0), unbiased: words beyond the last full multiple of `n` are skipped.
    pub fn below(&mut self, n: u32) -> u32 {
        let Some(past_last) = (u32::MAX).checked_rem(n) else { return 0 };
        loop {
            let word = self.word();
            if word <= u32::MAX - (past_last + 1) % n {
                return word % n;
            }
        }
    }

    /// The next standard normal value (one of a Box-Muller pair).
    pub fn normal(&mut self) -> f32 {
        let (a, b) = (self.word(), self.word());
        box_muller(a, b).0
    }

    /// Puts a slice of fewer than 2^32 items into random order (Fisher-Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let j = self.below(i as u32 + 1) as usize;
            // The two are the same where an item stays.
            if let Ok([a, b]) = items.get_disjoint_mut([i, j]) {
                core::mem::swap(a, b);
            }
        }
    }
}

/// A seed as the source of a method's coins and noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub u64);
