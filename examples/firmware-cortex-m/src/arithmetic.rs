//! Whether the floating-point unit computes what the host computes.

/// The register that tells the floating-point unit to compute something else than IEEE 754 in round-to-nearest, and its
/// value. Training would still work, but not with the bits that the host computes. Without an FPU there is nothing to
/// check: the software routines know no other mode.
///
/// FPSCR holds for the code that runs now; FPDSCR is what each new context (an interrupt, a task of an RTOS) starts with.
#[cfg(target_abi = "eabihf")]
pub fn not_ieee_arithmetic() -> Option<(&'static str, u32)> {
    let fpscr = cortex_m::register::fpscr::read().bits();
    // SAFETY: FPDSCR is readable at any time in privileged mode, and reading it changes nothing.
    let fpdscr = unsafe { (*cortex_m::peripheral::FPU::PTR).fpdscr.read() };
    [("FPSCR", fpscr), ("FPDSCR", fpdscr)].into_iter().find(|(_, value)| value & NOT_IEEE != 0)
}

/// Halts with a message if there is such a register.
pub fn assert_ieee_arithmetic() {
    if let Some((name, value)) = not_ieee_arithmetic() {
        panic!(
            "{name} = {value:#010x}: start-up code has switched on {}{}{}. flatmin computes the same bits as on the \
             host only with bits 22 to 25 clear.",
            if value & 1 << 24 != 0 { "[flush-to-zero]" } else { "" },
            if value & 1 << 25 != 0 { "[default NaN]" } else { "" },
            if value & 0b11 << 22 != 0 { "[another rounding mode]" } else { "" },
        );
    }
}

/// Bits of FPSCR (and FPDSCR) that change the result of arithmetic: flush-to-zero, default NaN, rounding mode.
#[cfg(target_abi = "eabihf")]
const NOT_IEEE: u32 = 1 << 24 | 1 << 25 | 0b11 << 22;

#[cfg(not(target_abi = "eabihf"))]
pub fn not_ieee_arithmetic() -> Option<(&'static str, u32)> {
    None
}
