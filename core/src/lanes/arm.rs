//! Loops of a Cortex-M with an FPU that load and store several registers by one instruction.
//!
//! The compiler does not merge the loads of a loop, and stable Rust hands no FPU register to inline assembly on a core with
//! single precision only, so these loops are assembly from memory to memory. On a Cortex-M4 a load of four takes 5 cycles,
//! four loads take 8. `vmla` rounds the product, as Rust's `a + b * c` does.
#![allow(unsafe_code, reason = "stable Rust reaches vldm and vstm only by inline assembly")]

use super::LANES;
use crate::loops::TURN;
use core::arch::asm;

/// A loop over the rows of a reduction, half a row at a time: one `vmla` for each of 16 accumulators s0 to s15, of which s16
/// to s31 are the elements.
macro_rules! rows {
    ($(#[$doc:meta])* $name:ident: $($operands:literal)*) => {
        $(#[$doc])*
        #[inline(always)]
        pub(crate) fn $name(sums: &mut [f32; LANES], rows: &[[f32; LANES]]) {
            if rows.is_empty() {
                return;
            }
            for half in 0..2 {
                // SAFETY: the core has an FPU (see `build.rs`). Half a row of 32 accumulators is read and written, and half
                // of each of `rows.len()` rows of 32 floats read; rows are 128 bytes apart.
                unsafe {
                    asm!(
                        "vldm {sums}, {{s0-s15}}",
                        "2:",
                        "vldm {row}, {{s16-s31}}",
                        "adds {row}, #128",
                        $(concat!("vmla.f32 ", $operands),)*
                        "subs {rows}, #1",
                        "bne 2b",
                        "vstm {sums}, {{s0-s15}}",
                        sums = in(reg) sums.as_mut_ptr().add(16 * half),
                        row = inout(reg) rows.as_ptr().cast::<f32>().add(16 * half) => _,
                        rows = inout(reg) rows.len() => _,
                        out("s0") _, out("s1") _, out("s2") _, out("s3") _,
                        out("s4") _, out("s5") _, out("s6") _, out("s7") _,
                        out("s8") _, out("s9") _, out("s10") _, out("s11") _,
                        out("s12") _, out("s13") _, out("s14") _, out("s15") _,
                        out("s16") _, out("s17") _, out("s18") _, out("s19") _,
                        out("s20") _, out("s21") _, out("s22") _, out("s23") _,
                        out("s24") _, out("s25") _, out("s26") _, out("s27") _,
                        out("s28") _, out("s29") _, out("s30") _, out("s31") _,
                        options(nostack)
                    );
                }
            }
        }
    };
}

rows! {
    /// Adds the squares of rows of elements to their accumulators: [`SqNorm`](crate::kernels::SqNorm).
    sq_norm:
    "s0, s16, s16" "s1, s17, s17" "s2, s18, s18" "s3, s19, s19"
    "s4, s20, s20" "s5, s21, s21" "s6, s22, s22" "s7, s23, s23"
    "s8, s24, s24" "s9, s25, s25" "s10, s26, s26" "s11, s27, s27"
    "s12, s28, s28" "s13, s29, s29" "s14, s30, s30" "s15, s31, s31"
}
rows! {
    /// Makes accumulators of elements that are not finite NaN: [`NonFinite`](crate::kernels::NonFinite). They are 0 or NaN,
    /// and 0 + 0 x is 0 for every finite x only.
    non_finite:
    "s0, s0, s16" "s1, s1, s17" "s2, s2, s18" "s3, s3, s19"
    "s4, s4, s20" "s5, s5, s21" "s6, s6, s22" "s7, s7, s23"
    "s8, s8, s24" "s9, s9, s25" "s10, s10, s26" "s11, s11, s27"
    "s12, s12, s28" "s13, s13, s29" "s14, s14, s30" "s15, s15, s31"
}

/// [`StepSgd`](crate::kernels::StepSgd) with the coefficients `[weight_decay, lr]`, up to the end of the shortest slice.
#[inline(always)]
pub(crate) fn step_sgd(
    coef: [f32; 2],
    w: &mut [[f32; TURN]],
    saved: Option<&[[f32; TURN]]>,
    g: &[[f32; TURN]],
) {
    let turns = w.len().min(g.len()).min(saved.map_or(usize::MAX, <[_]>::len));
    if turns == 0 {
        return;
    }
    let w = w.as_mut_ptr();
    let old = saved.map_or(w.cast_const(), <[_]>::as_ptr);
    // SAFETY: the core has an FPU (see `build.rs`). `old` and `g` may be read and `w` written for `turns` turns of eight
    // floats, and the loop ends after so many. Where `old` is `w`, each float is read before it is written.
    unsafe {
        asm!(
            "vldm {coef}, {{s0-s1}}",
            "2:",
            ".rept 2",
            "vldm {old}!, {{s4-s7}}",
            "vldm {g}!, {{s8-s11}}",
            // d = g + weight_decay * w
            "vmla.f32 s8, s0, s4", "vmla.f32 s9, s0, s5", "vmla.f32 s10, s0, s6", "vmla.f32 s11, s0, s7",
            // w - lr * d
            "vmls.f32 s4, s1, s8", "vmls.f32 s5, s1, s9", "vmls.f32 s6, s1, s10", "vmls.f32 s7, s1, s11",
            "vstm {w}!, {{s4-s7}}",
            ".endr",
            "subs {turns}, #1",
            "bne 2b",
            coef = in(reg) coef.as_ptr(), turns = inout(reg) turns => _,
            old = inout(reg) old => _, g = inout(reg) g.as_ptr() => _, w = inout(reg) w => _,
            out("s0") _, out("s1") _,
            out("s4") _, out("s5") _, out("s6") _, out("s7") _,
            out("s8") _, out("s9") _, out("s10") _, out("s11") _,
            options(nostack)
        );
    }
}

/// [`StepMomentum`](crate::kernels::StepMomentum) with the coefficients `[weight_decay, keep, momentum, lr]`, up to the end
/// of the shortest slice.
#[inline(always)]
pub(crate) fn step_momentum(
    coef: [f32; 4],
    w: &mut [[f32; TURN]],
    saved: Option<&[[f32; TURN]]>,
    g: &[[f32; TURN]],
    v: &mut [[f32; TURN]],
) {
    let turns = w.len().min(g.len()).min(v.len()).min(saved.map_or(usize::MAX, <[_]>::len));
    if turns == 0 {
        return;
    }
    let w = w.as_mut_ptr();
    let old = saved.map_or(w.cast_const(), <[_]>::as_ptr);
    // SAFETY: as above; `v` may be read and written for as many turns, and its floats are read before they are written.
    unsafe {
        asm!(
            "vldm {coef}, {{s0-s3}}",
            "2:",
            ".rept 2",
            "vldm {old}!, {{s4-s7}}",
            "vldm {g}!, {{s8-s11}}",
            "vldm {v}, {{s12-s15}}",
            // d = g + weight_decay * w
            "vmla.f32 s8, s0, s4", "vmla.f32 s9, s0, s5", "vmla.f32 s10, s0, s6", "vmla.f32 s11, s0, s7",
            // v = keep * d + momentum * v
            "vmul.f32 s8, s1, s8", "vmul.f32 s9, s1, s9", "vmul.f32 s10, s1, s10", "vmul.f32 s11, s1, s11",
            "vmla.f32 s8, s2, s12", "vmla.f32 s9, s2, s13", "vmla.f32 s10, s2, s14", "vmla.f32 s11, s2, s15",
            // w - lr * v
            "vmls.f32 s4, s3, s8", "vmls.f32 s5, s3, s9", "vmls.f32 s6, s3, s10", "vmls.f32 s7, s3, s11",
            "vstm {v}!, {{s8-s11}}",
            "vstm {w}!, {{s4-s7}}",
            ".endr",
            "subs {turns}, #1",
            "bne 2b",
            coef = in(reg) coef.as_ptr(), turns = inout(reg) turns => _,
            old = inout(reg) old => _, g = inout(reg) g.as_ptr() => _,
            v = inout(reg) v.as_mut_ptr() => _, w = inout(reg) w => _,
            out("s0") _, out("s1") _, out("s2") _, out("s3") _,
            out("s4") _, out("s5") _, out("s6") _, out("s7") _,
            out("s8") _, out("s9") _, out("s10") _, out("s11") _,
            out("s12") _, out("s13") _, out("s14") _, out("s15") _,
            options(nostack)
        );
    }
}
