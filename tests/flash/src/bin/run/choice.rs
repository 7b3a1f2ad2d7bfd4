//! The method that `FLATMIN_RUN` asks for, over static vectors, as firmware writes it.

use super::{LAYOUT, Net};
use flatmin::backend::Portable;
use flatmin::layout::filters;
use flatmin::nn::Network;
use flatmin::residual::usual_len;
use flatmin::state::{Cost, State};

/// A vector of the method.
pub type Buffer = &'static mut [f32];

#[cfg(optimizer = "sgd")]
mod base {
    use super::Buffer;
    use flatmin::optimizers::{Momentum, Sgd};
    pub type Base = Sgd<Momentum<Buffer>>;
    pub fn base(vectors: &mut impl Iterator<Item = Buffer>) -> Base {
        Sgd::new().momentum(0.9, vectors.next().unwrap_or_default())
    }
}

#[cfg(not(optimizer = "sgd"))]
mod base {
    use super::Buffer;
    #[cfg(optimizer = "adam")]
    pub use flatmin::optimizers::Adam as Moments;
    #[cfg(optimizer = "adamw")]
    pub use flatmin::optimizers::AdamW as Moments;
    pub type Base = Moments<Buffer>;
    pub fn base(vectors: &mut impl Iterator<Item = Buffer>) -> Base {
        Moments::new(vectors.next().unwrap_or_default(), vectors.next().unwrap_or_default())
    }
}

#[cfg(method = "plain")]
mod method {
    use super::base::{Base, base};
    use super::{Buffer, Kept, Slots};
    use flatmin::methods::Plain;
    pub type Tuner = Plain<Base>;
    pub fn tuner(mut vectors: impl Iterator<Item = Buffer>, _: Kept, _: &'static mut [Slots]) -> Tuner {
        Plain::new(base(&mut vectors))
    }
}

#[cfg(method = "sam")]
mod method {
    use super::base::{Base, base};
    use super::{Buffer, Kept, Slots};
    use flatmin::methods::Sam;
    pub type Tuner = Sam<Base, Buffer>;
    pub fn tuner(mut vectors: impl Iterator<Item = Buffer>, _: Kept, _: &'static mut [Slots]) -> Tuner {
        Sam::new(base(&mut vectors), vectors.next().unwrap_or_default())
    }
}

#[cfg(method = "rst")]
mod method {
    use super::base::{Base, base};
    use super::{Buffer, Kept, Slots};
    use flatmin::gate::Gated;
    use flatmin::gates::Bernoulli;
    use flatmin::methods::{Rst, Sam};
    pub type Tuner = Rst<Base, Buffer>;
    /// Every step is SAM's: the most that it can take.
    pub fn tuner(mut vectors: impl Iterator<Item = Buffer>, _: Kept, _: &'static mut [Slots]) -> Tuner {
        let sam = Sam::new(base(&mut vectors), vectors.next().unwrap_or_default());
        Gated::new(Bernoulli::new(1).p(1.0), sam)
    }
}

#[cfg(method = "lpf_sgd")]
mod method {
    use super::base::{Base, base};
    use super::{Buffer, Kept, LAYOUT, Slots};
    use flatmin::methods::LpfSgd;
    pub type Tuner = LpfSgd<'static, Base, Buffer, Buffer>;
    pub fn tuner(mut vectors: impl Iterator<Item = Buffer>, _: Kept, slots: &'static mut [Slots]) -> Tuner {
        let slots = slots.first_mut().map(|slots| &mut slots[..]).unwrap_or_default();
        LpfSgd::new(base(&mut vectors), &LAYOUT, vectors.next().unwrap_or_default(), slots, 1)
    }
}

#[cfg(method = "lpf_sgd_residual")]
mod method {
    use super::base::{Base, base};
    use super::{Buffer, Kept, LAYOUT, Slots};
    use flatmin::methods::{LpfSgd, LpfSgdResidual};
    pub type Tuner = LpfSgdResidual<'static, Base, Buffer, Buffer>;
    pub fn tuner(
        mut vectors: impl Iterator<Item = Buffer>,
        kept: Kept,
        slots: &'static mut [Slots],
    ) -> Tuner {
        let slots = slots.first_mut().map(|slots| &mut slots[..]).unwrap_or_default();
        let kept = kept.first_mut().map(|kept| &mut kept[..]).unwrap_or_default();
        LpfSgd::new(base(&mut vectors), &LAYOUT, kept, slots, 1).residual()
    }
}

pub use method::{Tuner, tuner};

/// Vectors of the method, by its own account.
pub const COST: Cost = <Tuner as State<Portable>>::COST;
/// Values of a vector with a value a filter.
pub const SLOTS: usize = filters(&LAYOUT);
/// Such a vector.
pub type Slots = [f32; SLOTS];
/// What LPF-SGD restores weights from without a copy.
pub type Residual = [f32; usual_len(Net::TRAINABLE)];
/// The residuals of the method.
pub type Kept = &'static mut [Residual];
/// A vector as long as the weights.
pub type Vector = [f32; Net::TRAINABLE];

#[cfg(not(average = "none"))]
mod average {
    use super::Buffer;
    #[cfg(average = "ema")]
    pub use flatmin::averages::Ema as Chosen;
    #[cfg(average = "swa")]
    pub use flatmin::averages::Swa as Chosen;
    pub type Mean = Chosen<Buffer>;
    /// Its vectors.
    pub const VECTORS: usize = 1;
    pub fn mean(vectors: &'static mut [super::Vector; VECTORS]) -> Mean {
        let [vector] = vectors;
        Chosen::new(&mut vector[..])
    }
}

#[cfg(average = "none")]
mod average {
    /// No average.
    pub struct Mean;
    /// Its vectors.
    pub const VECTORS: usize = 0;
    pub fn mean(_: &'static mut [super::Vector; VECTORS]) -> Mean {
        Mean
    }
    impl Mean {
        pub fn observe(
            &self,
            _: &mut flatmin::backend::Portable,
            _: &[f32],
            _: &flatmin::method::Clock,
        ) -> Result<(), flatmin::Error> {
            Ok(())
        }
    }
}

pub use average::{Mean, VECTORS as AVERAGE_VECTORS, mean};
