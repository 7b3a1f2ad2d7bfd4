//! One number for a training state, to compare machines by.

use crate::backend::Backend;
use crate::state::{State, Words};

/// CRC-32 (IEEE) over bytes, four bits at a time: 64 bytes of table.
#[derive(Clone, Copy, Debug)]
pub struct Crc32(u32);

const TABLE: [u32; 16] = {
    let mut table = [0; 16];
    let mut i = 0;
    while i < 16 {
        let mut c = i as u32;
        let mut bit = 0;
        while bit < 4 {
            c = if c & 1 != 0 { 0xedb8_8320 ^ (c >> 1) } else { c >> 1 };
            bit += 1;
        }
        table[i] = c;
        i += 1;
    }
    table
};

impl Default for Crc32 {
    fn default() -> Self {
        Self::new()
    }
}

impl Crc32 {
    /// Of nothing yet.
    pub const fn new() -> Self {
        Self(!0)
    }

    /// Takes in bytes.
    pub const fn bytes(&mut self, mut bytes: &[u8]) {
        while let Some((byte, rest)) = bytes.split_first() {
            let c = self.0 ^ *byte as u32;
            let c = TABLE[(c & 15) as usize] ^ (c >> 4);
            self.0 = TABLE[(c & 15) as usize] ^ (c >> 4);
            bytes = rest;
        }
    }

    /// Takes in the little-endian bits of floats; every NaN counts as 7fc00000, since payloads are not portable.
    pub fn floats(&mut self, values: &[f32]) {
        for value in values {
            let bits = if value.is_nan() { 0x7fc0_0000 } else { value.to_bits() };
            self.bytes(&bits.to_le_bytes());
        }
    }

    /// The checksum.
    pub const fn finish(self) -> u32 {
        !self.0
    }
}

/// The hash of weights and state: w, then the state's vectors in order, then its scalars.
pub fn state<B: Backend<Vector = [f32]>, S: State<B>>(w: &[f32], state: &S) -> u32 {
    let mut crc = Crc32::new();
    crc.floats(w);
    state.visit(&mut |vector| crc.floats(vector));
    state.scalars().put(&mut |word| crc.bytes(&word.to_le_bytes()));
    crc.finish()
}
