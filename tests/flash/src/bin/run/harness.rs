//! What measures the run: paints the stack, counts instructions, reports, ends the emulation.
//!
//! The painter is assembly, so it has no stack of its own: it paints from the end of the stack up to the stack pointer,
//! calls, and looks for the lowest word that is no longer paint. A word that was reserved and never written does not show.
//! Time is that of the board's 32-bit timer, 25 MHz: 40 instructions a tick with `-icount shift=0`.

use core::arch::{asm, global_asm};

global_asm!(
    ".section .vectors,\"a\"",
    ".word _stack_top",
    ".word Reset",
    ".section .harness,\"ax\"",
    ".global Reset",
    ".thumb_func",
    "Reset:",
    // Starts the timer, which counts down.
    "ldr r0, =0x40000000",
    "movs r1, #0",
    "mvns r1, r1",
    "str r1, [r0, #4]",
    "str r1, [r0, #8]",
    "movs r1, #1",
    "str r1, [r0]",
    // Paints from _stack_end up to the stack pointer, which is at the top.
    "ldr r0, =_stack_end",
    "ldr r1, =0xF1A7F1A7",
    "1:",
    "str r1, [r0]",
    "adds r0, #4",
    "cmp r0, sp",
    "bcc 1b",
    "bl prepare",
    "bl smallest",
    "bl timed",
    "mov r4, r0",
    // The lowest word that is not paint.
    "ldr r0, =_stack_end",
    "ldr r1, =0xF1A7F1A7",
    "2:",
    "ldr r2, [r0]",
    "cmp r2, r1",
    "bne 3f",
    "adds r0, #4",
    "cmp r0, sp",
    "bcc 2b",
    "3:",
    "mov r1, sp",
    "subs r0, r1, r0",
    "mov r1, r4",
    "bl report",
    // Trains a step on r0 samples; how long it took, in ticks.
    ".global timed",
    ".thumb_func",
    "timed:",
    "push {{r4, r5, r6, lr}}",
    "ldr r4, =0x40000000",
    "ldr r5, [r4, #4]",
    "bl train",
    "cmp r0, #0",
    "bne 4f",
    "ldr r0, [r4, #4]",
    "subs r0, r5, r0",
    "pop {{r4, r5, r6, pc}}",
    "4:",
    "bl fail",
    ".pool",
);

/// Switches the FPU on, where there is one.
#[unsafe(no_mangle)]
#[unsafe(link_section = ".harness")]
extern "C" fn prepare() {
    #[cfg(target_abi = "eabihf")]
    // SAFETY: gives the program the coprocessors 10 and 11, before any instruction for them.
    unsafe {
        let cpacr = 0xE000_ED88 as *mut u32;
        cpacr.write_volatile(cpacr.read_volatile() | 0xF << 20);
        asm!("dsb", "isb");
    }
}

/// A semihosting call; what it answers.
#[inline(always)]
fn call(operation: u32, argument: u32) -> u32 {
    let answer;
    // SAFETY: opens the console, prints or ends the emulation.
    unsafe { asm!("bkpt 0xab", inout("r0") operation => answer, in("r1") argument) };
    answer
}

/// Ends the emulation with an exit status of 1.
#[unsafe(no_mangle)]
#[unsafe(link_section = ".harness")]
extern "C" fn fail() -> ! {
    loop {
        call(0x18, 0x2_0023);
    }
}

#[unsafe(link_section = ".harness.names")]
static CONSOLE: [u8; 4] = *b":tt\0";

/// Prints `name xxxxxxxx`, in hexadecimal so that no division is needed.
#[inline(always)]
fn print(console: u32, name: &[u8; 6], value: u32) {
    let write = |text: &[u8]| {
        let block = [console, text.as_ptr() as u32, text.len() as u32];
        call(0x05, block.as_ptr() as u32);
    };
    write(name);
    for digit in (0..8).rev() {
        let nibble = (value >> (4 * digit)) as u8 & 15;
        write(&[if nibble < 10 { b'0' + nibble } else { b'a' - 10 + nibble }]);
    }
}

/// Samples of the smallest mini-batch: one for each part that the method asks for.
#[unsafe(no_mangle)]
#[unsafe(link_section = ".harness")]
extern "C" fn smallest() -> usize {
    if cfg!(method = "lpf_sgd") { 4 } else { 1 }
}

unsafe extern "C" {
    safe fn timed(batch: usize) -> u32;
}

/// Prints what was measured and ends the emulation: bytes of stack, ticks of a step and, where a step needs it once, of
/// a sample's gradient.
#[unsafe(no_mangle)]
#[unsafe(link_section = ".harness")]
extern "C" fn report(stack: u32, ticks: u32) -> ! {
    #[unsafe(link_section = ".harness.names")]
    static NAMES: [[u8; 6]; 3] = [*b"stack ", *b"\nstep ", *b"\nmore "];
    // To write to the console is mode 4.
    let block = [CONSOLE.as_ptr() as u32, 4, 3];
    let console = call(0x01, block.as_ptr() as u32);
    print(console, &NAMES[0], stack);
    print(console, &NAMES[1], ticks);
    if cfg!(method = "plain") {
        print(console, &NAMES[2], timed(2).wrapping_sub(timed(1)));
    }
    loop {
        call(0x18, 0x2_0026);
    }
}
