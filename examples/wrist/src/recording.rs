//! A bus with an IMU on it that has lived through a recording: what stands in for a board and a person.

use crate::Error;
use crate::imu::register::{CTRL1_XL, CTRL2_G, OUTX_L_G, STATUS_REG, WHO_AM_I};
use crate::imu::{Accel, BOTH_READY, Gyro};
use crate::net::CHANNELS;
use embedded_hal::i2c::{ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};

/// Bytes before the scales of a TDS1 file, and of a record after them. The simulator reads every kind of the file into
/// vectors, this module one kind in place, without a heap: beside these numbers they have nothing in common.
const HEADER: usize = 32;
const RECORD: usize = 12;
/// Streams of six channels in eight bits.
const KIND: [u8; 6] = *b"TDS1\x01\x01";

/// One exercise on one side, as it was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exercise {
    /// Which exercise.
    pub label: u8,
    /// How long, in frames.
    pub frames: u32,
    first: u32,
}

/// An I2C bus with an LSM6DSO that measures what the recording holds. It answers as the real one does: nothing before a
/// rate is set, values in units of the range that is set, and data that are ready at every second question.
#[derive(Clone, Copy, Debug)]
pub struct Recording {
    scales: [f32; CHANNELS],
    exercises: &'static [[u8; RECORD]],
    frames: &'static [[u8; CHANNELS]],
    address: u8,
    /// The next frame.
    at: u32,
    ready: bool,
    register: u8,
    accel: u8,
    gyro: u8,
}

impl Recording {
    /// Reads the tables of a file; its checksum is a matter of tests.
    ///
    /// # Errors
    /// [`Error::Recording`].
    pub fn of(file: &'static [u8], address: u8) -> Result<Self, Error> {
        Self::cut(file, address).ok_or(Error::Recording)
    }

    fn cut(file: &'static [u8], address: u8) -> Option<Self> {
        let (header, rest) = file.split_first_chunk::<HEADER>()?;
        let [_, _, _, _, _, _, _, channels, a, b, c, d, ..] = *header;
        let count = u32::from_le_bytes([a, b, c, d]) as usize;
        if !header.starts_with(&KIND) || usize::from(channels) != CHANNELS {
            return None;
        }
        let (stored, rest) = rest.split_first_chunk::<{ 4 * CHANNELS }>()?;
        let mut scales = [0.0; CHANNELS];
        for (scale, bytes) in scales.iter_mut().zip(stored.as_chunks().0) {
            *scale = f32::from_le_bytes(*bytes);
        }
        let (records, frames) = rest.split_at_checked(count.checked_mul(RECORD)?)?;
        let (exercises, frames) = (records.as_chunks().0, frames.as_chunks().0);
        Some(Self { scales, exercises, frames, address, at: 0, ready: false, register: 0, accel: 0, gyro: 0 })
    }

    /// The exercises.
    pub fn exercises(&self) -> impl Iterator<Item = Exercise> + use<> {
        self.exercises.iter().map(|record| {
            let [a, b, c, d, e, f, g, h, label, ..] = *record;
            let (first, frames) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
            Exercise { label, frames, first }
        })
    }

    /// From here on this exercise is measured.
    pub fn start(&mut self, exercise: &Exercise) {
        (self.at, self.ready) = (exercise.first, false);
    }

    /// The value of a register; reading the last byte of a frame goes on to the next.
    fn get(&mut self, register: u8) -> u8 {
        match register {
            WHO_AM_I => 0x6c,
            CTRL1_XL => self.accel,
            CTRL2_G => self.gyro,
            STATUS_REG => {
                let on = self.accel >> 4 != 0 && self.gyro >> 4 != 0;
                self.ready = on && !self.ready;
                if self.ready { BOTH_READY } else { 0 }
            }
            OUTX_L_G..0x2e => {
                let place = usize::from(register - OUTX_L_G);
                let byte = self.axis(place / 2).to_le_bytes().get(place % 2).copied();
                if place == 11 {
                    (self.at, self.ready) = (self.at.saturating_add(1), false);
                }
                byte.unwrap_or(0)
            }
            _ => 0,
        }
    }

    /// An axis in units of the range that is set: the gyroscope first.
    fn axis(&self, axis: usize) -> i16 {
        const ACCEL: [Accel; 4] = [Accel::G2, Accel::G16, Accel::G4, Accel::G8];
        const GYRO: [Gyro; 4] = [Gyro::Dps250, Gyro::Dps500, Gyro::Dps1000, Gyro::Dps2000];
        let channel = (axis + 3) % CHANNELS;
        let range = |control: u8| usize::from(control >> 2 & 0b11);
        let lsb = if channel < 3 {
            ACCEL.get(range(self.accel)).map(|range| range.lsb())
        } else {
            GYRO.get(range(self.gyro)).map(|range| range.lsb())
        };
        let frame = self.frames.get(self.at as usize);
        let stored = frame.and_then(|frame| frame.get(channel)).map_or(0, |byte| *byte as i8);
        let scale = self.scales.get(channel).copied().unwrap_or(0.0);
        let x = f32::from(stored) * scale / lsb.unwrap_or(1.0);
        // A cast cuts towards 0 and keeps to the range: so the nearest.
        (x + 0.5_f32.copysign(x)) as i16
    }

    fn set(&mut self, register: u8, value: u8) {
        match register {
            CTRL1_XL => self.accel = value,
            CTRL2_G => self.gyro = value,
            _ => {}
        }
    }
}

impl ErrorType for Recording {
    type Error = ErrorKind;
}

impl I2c for Recording {
    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), ErrorKind> {
        if address != self.address {
            return Err(ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address));
        }
        for operation in operations {
            match operation {
                Operation::Write(bytes) => {
                    let Some((register, values)) = bytes.split_first() else { continue };
                    self.register = *register;
                    for value in values {
                        self.set(self.register, *value);
                        self.register = self.register.wrapping_add(1);
                    }
                }
                Operation::Read(bytes) => {
                    for byte in bytes.iter_mut() {
                        *byte = self.get(self.register);
                        self.register = self.register.wrapping_add(1);
                    }
                }
            }
        }
        Ok(())
    }
}
