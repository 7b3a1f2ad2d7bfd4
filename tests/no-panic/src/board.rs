//! A board that the compiler knows nothing about: what it answers depends on arguments.

use core::convert::Infallible;
use core::future::Future;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use embedded_hal::delay::DelayNs;
use embedded_hal::digital::{ErrorType as PinErrorType, OutputPin};
use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash};

/// Memory that behaves like a flash, as far as it goes; beyond, it fails.
pub struct Flash<'a>(pub &'a mut [u8]);

#[derive(Clone, Copy, Debug)]
pub struct Failed;

impl NorFlashError for Failed {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

impl Flash<'_> {
    fn at(&mut self, at: u32, len: usize) -> Result<&mut [u8], Failed> {
        self.0.get_mut(at as usize..).and_then(|bytes| bytes.get_mut(..len)).ok_or(Failed)
    }
}

impl ErrorType for Flash<'_> {
    type Error = Failed;
}

impl ReadNorFlash for Flash<'_> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, at: u32, bytes: &mut [u8]) -> Result<(), Failed> {
        let found = self.at(at, bytes.len())?;
        bytes.iter_mut().zip(found).for_each(|(to, from)| *to = *from);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.0.len()
    }
}

#[allow(refining_impl_trait, reason = "the trait asks for some future, this is one")]
impl embedded_storage_async::nor_flash::ReadNorFlash for Flash<'_> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, at: u32, bytes: &mut [u8]) -> Later<Result<(), Failed>> {
        Later(at > 0, ReadNorFlash::read(self, at, bytes))
    }

    fn capacity(&self) -> usize {
        self.0.len()
    }
}

#[allow(refining_impl_trait, reason = "the trait asks for some future, this is one")]
impl embedded_storage_async::nor_flash::NorFlash for Flash<'_> {
    const WRITE_SIZE: usize = 8;
    const ERASE_SIZE: usize = 512;

    fn erase(&mut self, from: u32, to: u32) -> Later<Result<(), Failed>> {
        Later(from > 0, NorFlash::erase(self, from, to))
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Later<Result<(), Failed>> {
        Later(bytes.len() > 8, NorFlash::write(self, at, bytes))
    }
}

impl NorFlash for Flash<'_> {
    const WRITE_SIZE: usize = 8;
    const ERASE_SIZE: usize = 512;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Failed> {
        self.at(from, to.saturating_sub(from) as usize)?.fill(0xff);
        Ok(())
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), Failed> {
        self.at(at, bytes.len())?.iter_mut().zip(bytes).for_each(|(to, from)| *to &= *from);
        Ok(())
    }
}

/// A pin, and a delay.
pub struct Wire<'a>(pub &'a mut u32);

impl PinErrorType for Wire<'_> {
    type Error = Infallible;
}

impl OutputPin for Wire<'_> {
    fn set_low(&mut self) -> Result<(), Infallible> {
        *self.0 &= !1;
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        *self.0 |= 1;
        Ok(())
    }
}

impl DelayNs for Wire<'_> {
    fn delay_ns(&mut self, ns: u32) {
        *self.0 = self.0.wrapping_add(ns);
    }
}

/// Ready with this, at once or at the second poll. Not an `async` block: the compiler gives those a panic of their own,
/// for the caller who polls once more after they are ready.
pub struct Later<T>(pub bool, pub T);

impl<T: Copy + Unpin> Future for Later<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        if core::mem::take(&mut self.0) { Poll::Pending } else { Poll::Ready(self.1) }
    }
}

/// Polls at most so often, and not again once it is ready.
pub fn poll<F: Future>(future: F, polls: u32) -> Option<F::Output> {
    let mut future = pin!(future);
    for _ in 0..polls {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return Some(output);
        }
    }
    None
}
