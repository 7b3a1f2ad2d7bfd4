//! Which tensors of a layer train.

mod sealed {
    pub trait Sealed {}
}

/// Which tensors of a layer train: [`All`], [`Bias`] or [`Frozen`].
pub trait Scope: sealed::Sealed {
    /// The weights train.
    const WEIGHTS: bool;
    /// The bias trains.
    const BIAS: bool;
}

/// Weights and bias train.
#[derive(Clone, Copy, Debug)]
pub struct All;

/// Only the bias trains; the weights are read from the frozen vector.
#[derive(Clone, Copy, Debug)]
pub struct Bias;

/// Nothing trains; weights and bias are read from the frozen vector.
#[derive(Clone, Copy, Debug)]
pub struct Frozen;

macro_rules! scopes {
    ($($name:ident: $weights:literal, $bias:literal;)*) => {$(
        impl sealed::Sealed for $name {}
        impl Scope for $name {
            const WEIGHTS: bool = $weights;
            const BIAS: bool = $bias;
        }
    )*};
}

scopes! {
    All: true, true;
    Bias: false, true;
    Frozen: false, false;
}
