//! Loops of a Cortex-M with an FPU that load and store four registers by one instruction.
//!
//! The compiler does not merge the loads of a loop, and stable Rust hands no FPU register to inline assembly on a core with
//! single precision only, so these loops are assembly from memory to memory. On a Cortex-M4 a load of four takes 5 cycles,
//! four loads take 8. The registers are those that a function need not keep.
#![allow(unsafe_code, reason = "stable Rust reaches vldm and vstm only by inline assembly")]

use crate::loops::TURN;
use core::arch::asm;

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
