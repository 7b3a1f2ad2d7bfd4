//! What can stop a session.

use crate::imu;
use core::fmt;
use embedded_storage::nor_flash::NorFlashErrorKind;
use flatmin::{blob, checkpoint, nn};

/// What can stop a session. Weights in flash are as they were.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Error {
    /// The shipped model is damaged, or of another network.
    Blob(blob::Error),
    /// The recording is damaged.
    Recording,
    /// The IMU does not answer as it should.
    Imu(imu::Error),
    /// A method or a buffer is not as it should be.
    Method(flatmin::Error),
    /// A network was given something of another shape.
    Network(nn::Error),
    /// The checkpoint could not be written or read.
    Checkpoint(checkpoint::Error<NorFlashErrorKind>),
    /// The flash refuses a labelled window.
    Flash(NorFlashErrorKind),
}

macro_rules! from {
    ($($variant:ident: $error:ty),*) => { $(
        impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        }
    )* };
}
from!(
    Blob: blob::Error, Imu: imu::Error, Method: flatmin::Error, Network: nn::Error,
    Checkpoint: checkpoint::Error<NorFlashErrorKind>
);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blob(error) => error.fmt(f),
            Self::Recording => f.write_str("the recording is no TDS1 file of 6 channels in 8 bits"),
            Self::Imu(error) => error.fmt(f),
            Self::Method(error) => error.fmt(f),
            Self::Network(error) => error.fmt(f),
            Self::Checkpoint(error) => error.fmt(f),
            Self::Flash(error) => write!(f, "a labelled window in flash: {error}"),
        }
    }
}

impl core::error::Error for Error {}
