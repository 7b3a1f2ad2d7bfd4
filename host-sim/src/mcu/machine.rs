//! The machines.

/// An emulated machine and the image that runs on it.
#[derive(Debug, PartialEq, Eq)]
pub struct Machine {
    /// Its name on the command line and in tables: the emulator's.
    pub name: &'static str,
    /// What it stands for.
    pub title: &'static str,
    /// What the image is compiled for.
    pub target: &'static str,
    /// Folder of the image's package.
    pub package: &'static str,
    /// The emulator and its arguments; the image follows. A word with a slash is a file of the checkout.
    pub emulator: &'static [&'static str],
    /// The Debian package of the emulator.
    pub debian: &'static str,
    /// What counts instructions there, and its rate: with `-icount shift=0` an instruction takes a nanosecond, so there
    /// are 1e9 / f of them in a tick.
    pub counter: &'static str,
}

macro_rules! qemu {
    ($program:literal, $machine:literal $(, $more:literal)*) => {
        &[
            $program, "-machine", $machine, $($more,)* "-nographic", "-icount", "shift=0",
            "-semihosting-config", "enable=on,target=native", "-kernel",
        ]
    };
}

/// Every machine.
pub const MACHINES: &[Machine] = &[
    Machine {
        name: "mps2-an385",
        title: "Cortex-M3 board, code for ARMv6-M: no FPU",
        target: "thumbv6m-none-eabi",
        package: "examples/firmware-cortex-m",
        emulator: qemu!("qemu-system-arm", "mps2-an385", "-cpu", "cortex-m3"),
        debian: "qemu-system-arm",
        counter: "SysTick, 25 MHz",
    },
    Machine {
        name: "mps2-an386",
        title: "Cortex-M4F",
        target: "thumbv7em-none-eabihf",
        package: "examples/firmware-cortex-m",
        emulator: qemu!("qemu-system-arm", "mps2-an386", "-cpu", "cortex-m4"),
        debian: "qemu-system-arm",
        counter: "SysTick, 25 MHz",
    },
    Machine {
        name: "mps2-an500",
        title: "Cortex-M7",
        target: "thumbv7em-none-eabihf",
        package: "examples/firmware-cortex-m",
        emulator: qemu!("qemu-system-arm", "mps2-an500", "-cpu", "cortex-m7"),
        debian: "qemu-system-arm",
        counter: "SysTick, 25 MHz",
    },
    Machine {
        name: "mps2-an505",
        title: "Cortex-M33",
        target: "thumbv8m.main-none-eabihf",
        package: "examples/firmware-cortex-m",
        emulator: qemu!("qemu-system-arm", "mps2-an505", "-cpu", "cortex-m33"),
        debian: "qemu-system-arm",
        counter: "SysTick, 20 MHz",
    },
    Machine {
        name: "virt-rv32imac",
        title: "RV32IMAC: no FPU",
        target: "riscv32imac-unknown-none-elf",
        package: "examples/firmware-riscv",
        emulator: qemu!("qemu-system-riscv32", "virt", "-bios", "none"),
        debian: "qemu-system-misc",
        counter: "minstret",
    },
    Machine {
        name: "virt-rv32imafc",
        title: "RV32IMAFC: single-precision FPU",
        target: "riscv32imafc-unknown-none-elf",
        package: "examples/firmware-riscv",
        emulator: qemu!("qemu-system-riscv32", "virt", "-bios", "none"),
        debian: "qemu-system-misc",
        counter: "minstret",
    },
    Machine {
        name: "virt-aarch64",
        title: "Cortex-A53, Portable",
        target: "aarch64-unknown-none",
        package: "tests/machines/aarch64",
        emulator: qemu!("qemu-system-aarch64", "virt", "-cpu", "cortex-a53", "-nic", "none"),
        debian: "qemu-system-arm",
        counter: "generic timer, 62.5 MHz",
    },
    Machine {
        name: "wasm32",
        title: "WebAssembly under node, Portable",
        target: "wasm32-unknown-unknown",
        package: "tests/machines/wasm",
        emulator: &["node", "tests/machines/wasm/run.mjs"],
        debian: "nodejs",
        counter: "none",
    },
];

/// The machine of a name.
pub fn find(name: &str) -> Option<&'static Machine> {
    MACHINES.iter().find(|machine| machine.name == name)
}
