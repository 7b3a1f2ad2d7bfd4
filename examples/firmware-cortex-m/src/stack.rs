//! How deep the stack has been: painted at reset, looked at in the end.

unsafe extern "C" {
    /// Where the stack begins; from the linker script of `cortex-m-rt`.
    static _stack_start: u32;
    /// Where it would meet the statics; from the same script.
    static _stack_end: u32;
}

/// Bytes from the deepest word that was written since the reset up to the beginning of the stack.
///
/// `cortex-m-rt` paints what the linker leaves to the stack before anything runs (feature `paint-stack`).
#[must_use]
pub fn stack_used() -> usize {
    let (end, start) = (&raw const _stack_end, &raw const _stack_start);
    let mut at = end;
    // SAFETY: the linker script keeps the words from `_stack_end` up to `_stack_start` for the stack, in RAM, and refuses
    // an end above the start. A word that changes while it is read has been written, whatever it holds.
    while at < start && unsafe { at.read_volatile() } == cortex_m_rt::STACK_PAINT_VALUE {
        at = at.wrapping_add(1);
    }
    start as usize - at as usize
}
