//! A driver for the LSM6DS family (LSM6DS3, DSL, DSR, DSO): six axes when they are ready, over I2C.

use core::f32::consts::PI;
use core::fmt;
use embedded_hal::i2c::{ErrorKind, I2c};

/// The address with the pin SA0 low; 0x6b with SA0 high.
pub const ADDRESS: u8 = 0x6a;

/// Registers, named as in the data sheet.
pub mod register {
    /// Tells the kind of the device.
    pub const WHO_AM_I: u8 = 0x0f;
    /// Rate and range of the accelerometer.
    pub const CTRL1_XL: u8 = 0x10;
    /// Rate and range of the gyroscope.
    pub const CTRL2_G: u8 = 0x11;
    /// Block data update, address increment, reset.
    pub const CTRL3_C: u8 = 0x12;
    /// What is ready.
    pub const STATUS_REG: u8 = 0x1e;
    /// The first of the twelve bytes of a frame.
    pub const OUTX_L_G: u8 = 0x22;
}
use register::{CTRL1_XL, CTRL2_G, CTRL3_C, OUTX_L_G, STATUS_REG, WHO_AM_I};

/// What [`WHO_AM_I`] holds in the devices with these registers.
pub const KNOWN: [u8; 4] = [0x69, 0x6a, 0x6b, 0x6c];
/// Both sensors have data.
pub const BOTH_READY: u8 = 0b11;
/// A frame is not changed while it is read; a read goes on with the next register.
const CTRL3: u8 = 0b0100_0100;

/// Samples a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Rate {
    /// 12.5 Hz.
    Hz12 = 1,
    /// 26 Hz.
    Hz26 = 2,
    /// 52 Hz.
    Hz52 = 3,
    /// 104 Hz.
    Hz104 = 4,
}

/// The range of the accelerometer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Accel {
    /// 2 g.
    G2 = 0b00,
    /// 4 g.
    G4 = 0b10,
    /// 8 g.
    G8 = 0b11,
    /// 16 g.
    G16 = 0b01,
}

impl Accel {
    /// What a 1 stands for, in g.
    pub const fn lsb(self) -> f32 {
        match self {
            Self::G2 => 0.000_061,
            Self::G4 => 0.000_122,
            Self::G8 => 0.000_244,
            Self::G16 => 0.000_488,
        }
    }
}

/// The range of the gyroscope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Gyro {
    /// 250 degrees a second.
    Dps250 = 0b00,
    /// 500 degrees a second.
    Dps500 = 0b01,
    /// 1000 degrees a second.
    Dps1000 = 0b10,
    /// 2000 degrees a second.
    Dps2000 = 0b11,
}

impl Gyro {
    /// What a 1 stands for, in radians a second.
    pub const fn lsb(self) -> f32 {
        let degrees = match self {
            Self::Dps250 => 0.008_75,
            Self::Dps500 => 0.0175,
            Self::Dps1000 => 0.035,
            Self::Dps2000 => 0.07,
        };
        degrees * (PI / 180.0)
    }
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Samples a second of both sensors.
    pub rate: Rate,
    /// The range of the accelerometer.
    pub accel: Accel,
    /// The range of the gyroscope.
    pub gyro: Gyro,
}

/// Why the device is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Error {
    /// The bus failed; nobody at the address, for example.
    Bus(ErrorKind),
    /// Somebody else is at the address.
    WrongDevice {
        /// What it calls itself.
        found: u8,
    },
    /// A register does not hold what was written to it.
    NotConfigured {
        /// Which.
        register: u8,
    },
    /// No data for far longer than a sample takes.
    Silent,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bus(kind) => write!(f, "the I2C bus failed: {kind}; check wiring, address and pull-ups"),
            Self::WrongDevice { found } => {
                write!(f, "WHO_AM_I is {found:#04x}, which is no LSM6DS; check the address")
            }
            Self::NotConfigured { register } => {
                write!(
                    f,
                    "register {register:#04x} of the IMU does not keep what is written; check its supply"
                )
            }
            Self::Silent => f.write_str("the IMU has no data; check its supply, or reset it"),
        }
    }
}

impl core::error::Error for Error {}

/// Six axes, as the registers hold them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw {
    /// Acceleration along x, y, z.
    pub accel: [i16; 3],
    /// Angular rate about x, y, z.
    pub gyro: [i16; 3],
}

/// An LSM6DS on a bus, which [`release`](Self::release) gives back.
///
/// ```
/// use embedded_hal_mock::eh1::i2c::{Mock, Transaction as T};
/// use flatmin_wrist::imu::{ADDRESS, Accel, Config, Gyro, Lsm6ds, Rate};
/// let config = Config { rate: Rate::Hz26, accel: Accel::G4, gyro: Gyro::Dps1000 };
/// let bus = Mock::new(&[
///     T::write_read(ADDRESS, vec![0x0f], vec![0x6c]),
///     T::write(ADDRESS, vec![0x12, 0b0100_0100]),
///     T::write(ADDRESS, vec![0x10, 0b0010_1000]),
///     T::write(ADDRESS, vec![0x11, 0b0010_1000]),
///     T::write_read(ADDRESS, vec![0x10], vec![0b0010_1000, 0b0010_1000]),
///     T::write_read(ADDRESS, vec![0x1e], vec![0b11]),
///     T::write_read(ADDRESS, vec![0x22], vec![1, 0, 2, 0, 3, 0, 0, 0x20, 0, 0, 0xff, 0xff]),
/// ]);
/// let mut imu = Lsm6ds::new(bus, ADDRESS, config);
/// imu.configure()?;
/// let raw = imu.read()?.expect("both sensors are ready");
/// assert_eq!((raw.gyro, raw.accel), ([1, 2, 3], [0x2000, 0, -1]));
/// assert!((imu.real(raw)[0] - 1.0).abs() < 1e-3, "g");
/// imu.release().done();
/// # Ok::<(), flatmin_wrist::imu::Error>(())
/// ```
#[derive(Debug)]
pub struct Lsm6ds<I2C> {
    bus: I2C,
    address: u8,
    config: Config,
}

impl<I2C: I2c> Lsm6ds<I2C> {
    /// A device that nothing was said to yet.
    pub const fn new(bus: I2C, address: u8, config: Config) -> Self {
        Self { bus, address, config }
    }

    /// The bus.
    pub fn release(self) -> I2C {
        self.bus
    }

    /// Checks who is there, and starts both sensors.
    ///
    /// # Errors
    /// [`Error::Bus`], [`Error::WrongDevice`], [`Error::NotConfigured`].
    pub fn configure(&mut self) -> Result<(), Error> {
        let [found] = self.get(WHO_AM_I)?;
        if !KNOWN.contains(&found) {
            return Err(Error::WrongDevice { found });
        }
        let Config { rate, accel, gyro } = self.config;
        let rate = (rate as u8) << 4;
        let [xl, g] = [rate | (accel as u8) << 2, rate | (gyro as u8) << 2];
        for (register, value) in [(CTRL3_C, CTRL3), (CTRL1_XL, xl), (CTRL2_G, g)] {
            self.bus.write(self.address, &[register, value]).map_err(bus)?;
        }
        let [found_xl, found_g] = self.get(CTRL1_XL)?;
        match (found_xl == xl, found_g == g) {
            (true, true) => Ok(()),
            (false, _) => Err(Error::NotConfigured { register: CTRL1_XL }),
            (true, false) => Err(Error::NotConfigured { register: CTRL2_G }),
        }
    }

    /// The next frame, if both sensors have one.
    ///
    /// # Errors
    /// [`Error::Bus`].
    pub fn read(&mut self) -> Result<Option<Raw>, Error> {
        let [status] = self.get(STATUS_REG)?;
        if status & BOTH_READY != BOTH_READY {
            return Ok(None);
        }
        let bytes: [u8; 12] = self.get(OUTX_L_G)?;
        let axis = |i: usize| bytes.as_chunks().0.get(i).map_or(0, |axis| i16::from_le_bytes(*axis));
        Ok(Some(Raw { gyro: [axis(0), axis(1), axis(2)], accel: [axis(3), axis(4), axis(5)] }))
    }

    /// Acceleration in g and angular rate in radians a second.
    pub fn real(&self, raw: Raw) -> [f32; 6] {
        let Raw { accel: [ax, ay, az], gyro: [gx, gy, gz] } = raw;
        let (g, rad) = (self.config.accel.lsb(), self.config.gyro.lsb());
        [(ax, g), (ay, g), (az, g), (gx, rad), (gy, rad), (gz, rad)].map(|(axis, lsb)| f32::from(axis) * lsb)
    }

    fn get<const N: usize>(&mut self, register: u8) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        self.bus.write_read(self.address, &[register], &mut bytes).map_err(bus)?;
        Ok(bytes)
    }
}

fn bus<E: embedded_hal::i2c::Error>(error: E) -> Error {
    Error::Bus(error.kind())
}
