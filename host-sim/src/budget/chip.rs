//! Chips: what they have, and what an instruction costs there. Where each figure comes from: docs/budget.md.

/// Whose code, stack and instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Core {
    /// With a single-precision FPU: a Cortex-M4F.
    M4f,
    /// Without: ARMv6-M code.
    V6m,
}

impl Core {
    /// Both.
    pub const ALL: [Self; 2] = [Self::M4f, Self::V6m];

    /// Its column in the ledger.
    pub const fn machine(self) -> &'static str {
        match self {
            Self::M4f => "mps2-an386",
            Self::V6m => "mps2-an385",
        }
    }

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::M4f => "m4f",
            Self::V6m => "v6m",
        }
    }

    /// What it is.
    pub const fn title(self) -> &'static str {
        match self {
            Self::M4f => "Cortex-M4F",
            Self::V6m => "ARMv6-M, no FPU",
        }
    }
}

/// A chip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chip {
    /// Its name on the command line and in tables.
    pub name: &'static str,
    /// Its core.
    pub title: &'static str,
    /// Whose instructions it executes, or comes close to.
    pub core: Core,
    /// Clock in MHz.
    pub mhz: f64,
    /// KiB of RAM.
    pub ram: u64,
    /// KiB of flash; none on the chip itself if 0.
    pub flash: u64,
    /// Cycles an instruction, at best and at worst.
    pub cycles: [f64; 2],
    /// Current of the running core in mA, at least and at most.
    pub current: [f64; 2],
    /// The supply in volts at which it was measured.
    pub volts: f64,
}

impl Chip {
    /// Seconds of so many instructions.
    pub fn seconds(&self, instructions: f64) -> [f64; 2] {
        self.cycles.map(|cycles| instructions * cycles / (self.mhz * 1e6))
    }

    /// Joules of so many instructions.
    pub fn joules(&self, instructions: f64) -> [f64; 2] {
        let [least, most] = self.current.map(|current| current * self.volts / 1e3);
        let [fast, slow] = self.seconds(instructions);
        [fast * least, slow * most]
    }
}

/// Every chip.
pub const CHIPS: [Chip; 7] = [
    Chip {
        name: "nrf52840",
        title: "Cortex-M4F",
        core: Core::M4f,
        mhz: 64.0,
        ram: 256,
        flash: 1024,
        cycles: [1.2, 2.0],
        current: [3.3, 3.3],
        volts: 3.0,
    },
    Chip {
        name: "stm32l412",
        title: "Cortex-M4F",
        core: Core::M4f,
        mhz: 80.0,
        ram: 40,
        flash: 128,
        cycles: [1.2, 2.0],
        current: [6.32, 6.32],
        volts: 3.3,
    },
    Chip {
        name: "stm32f411",
        title: "Cortex-M4F",
        core: Core::M4f,
        mhz: 100.0,
        ram: 128,
        flash: 512,
        cycles: [1.2, 2.0],
        current: [11.6, 22.5],
        volts: 3.6,
    },
    Chip {
        name: "stm32h743",
        title: "Cortex-M7",
        core: Core::M4f,
        mhz: 480.0,
        ram: 1024,
        flash: 2048,
        cycles: [0.6, 1.3],
        current: [110.0, 148.0],
        volts: 3.3,
    },
    Chip {
        name: "rp2350",
        title: "Cortex-M33",
        core: Core::M4f,
        mhz: 150.0,
        ram: 520,
        flash: 0,
        cycles: [1.1, 2.0],
        current: [11.7, 15.5],
        volts: 3.3,
    },
    Chip {
        name: "rp2040",
        title: "Cortex-M0+",
        core: Core::V6m,
        mhz: 133.0,
        ram: 264,
        flash: 0,
        cycles: [1.2, 2.0],
        current: [31.4, 40.8],
        volts: 3.0,
    },
    Chip {
        name: "esp32-c3",
        title: "RV32IMC",
        core: Core::V6m,
        mhz: 160.0,
        ram: 400,
        flash: 0,
        cycles: [0.7, 1.6],
        current: [23.0, 38.0],
        volts: 3.3,
    },
];

/// The chip of a name.
pub fn find(name: &str) -> Option<&'static Chip> {
    CHIPS.iter().find(|chip| chip.name == name)
}
