//! How a stored value is kept.

mod sealed {
    pub trait Sealed {}
    impl Sealed for u8 {}
    impl Sealed for i8 {}
    impl Sealed for f32 {}
}

/// A stored value: `u8` (pixels), `i8` (signals), `f32` (activations).
pub trait Item: Copy + Default + sealed::Sealed {
    /// As a number.
    fn real(self) -> f32;
    /// The nearest that can be stored, halves away from 0; what is out of range becomes the end of the range, NaN 0.
    fn nearest(x: f32) -> Self;
}

impl Item for u8 {
    fn real(self) -> f32 {
        self.into()
    }

    fn nearest(x: f32) -> Self {
        // A cast cuts towards 0 and keeps to the range.
        (x + 0.5) as Self
    }
}

impl Item for i8 {
    fn real(self) -> f32 {
        self.into()
    }

    fn nearest(x: f32) -> Self {
        // As above.
        (x + 0.5f32.copysign(x)) as Self
    }
}

impl Item for f32 {
    fn real(self) -> f32 {
        self
    }

    fn nearest(x: f32) -> Self {
        x
    }
}
