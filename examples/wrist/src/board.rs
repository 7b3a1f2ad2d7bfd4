//! What a board lends, and what stands in for it where there is none.

use crate::report::{Event, Report, Row};
use core::convert::Infallible;
use embedded_hal::delay::DelayNs;
use embedded_hal::digital::{ErrorType, OutputPin};

/// What a board lends.
#[derive(Debug)]
pub struct Board<'a, D, P, F, T, R> {
    /// Waits for the IMU.
    pub delay: D,
    /// Shows the phases of a step.
    pub pin: P,
    /// Keeps the checkpoint.
    pub flash: F,
    /// The loop that work runs in.
    pub turns: &'a mut T,
    /// Who is told.
    pub report: &'a mut R,
}

/// A part of a board of which nothing is wanted: it does not wait, shows nothing, says nothing.
#[derive(Clone, Copy, Debug)]
pub struct Nothing;

impl DelayNs for Nothing {
    fn delay_ns(&mut self, _: u32) {}
}

impl ErrorType for Nothing {
    type Error = Infallible;
}

impl OutputPin for Nothing {
    fn set_low(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Report for Nothing {
    const HEARD: bool = false;

    fn row(&mut self, _: Row) {}
    fn event(&mut self, _: Event) {}
}

/// A pin that counts its rising edges: how often it is set high, as a phase ends by setting it low.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pulses(pub u32);

impl ErrorType for Pulses {
    type Error = Infallible;
}

impl OutputPin for Pulses {
    fn set_low(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.0 += 1;
        Ok(())
    }
}
