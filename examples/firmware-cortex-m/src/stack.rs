//! How deep the stack has been: painted before, looked at after.

use core::arch::asm;

/// How far below the stack pointer is painted.
const DEPTH: usize = 32 * 1024;
/// The paint.
const PAINT: u32 = 0xf1a7_f1a7;

unsafe extern "C" {
    /// Where the stack begins; from the linker script of `cortex-m-rt`.
    static _stack_start: u32;
}

/// A painted stack.
#[derive(Debug)]
pub struct Stack {
    end: *const u32,
}

impl Stack {
    /// Paints what is free below the caller. The painter is a loop over registers, so it needs no stack itself.
    ///
    /// On a real board, [`DEPTH`] bytes must be free there; the linker keeps nothing between the statics and the stack.
    #[inline(always)]
    pub fn paint() -> Self {
        let end: *const u32;
        // SAFETY: everything below the stack pointer is free, and on these boards 4 MiB of it are; interrupts, which
        // could use it, are not switched on.
        unsafe {
            asm!(
                "mov {end}, sp",
                "subs {end}, {end}, {depth}",
                "mov {at}, {end}",
                "2:",
                "str {paint}, [{at}]",
                "adds {at}, {at}, #4",
                "cmp {at}, sp",
                "bcc 2b",
                end = out(reg) end,
                at = out(reg) _,
                depth = in(reg) DEPTH,
                paint = in(reg) PAINT,
                options(nostack),
            );
        }
        Self { end }
    }

    /// Bytes from the deepest word that was written up to the beginning of the stack.
    #[must_use]
    pub fn used(&self) -> usize {
        let start = &raw const _stack_start;
        let mut at = self.end;
        // SAFETY: from the end of what was painted up to the beginning of the stack everything is memory.
        while at < start && unsafe { at.read_volatile() } == PAINT {
            at = at.wrapping_add(1);
        }
        start as usize - at as usize
    }
}
