//! Hyperparameters over time. Every real-valued hyperparameter of a method, gate, optimizer or average takes a schedule
//! of any type, and a plain `f32` is one. Counts and choices are no schedules: LPF-SGD's `parts` and scale, Nesterov.
//!
//! A schedule is asked at every step and its value checked there, so a run may be refused in its middle. The learning rate
//! is the caller's: its value is in the [`Clock`](crate::method::Clock).

/// A value for every step of a run.
pub trait Schedule: Copy {
    /// The value at step `step` of `total`, counted from 0.
    fn at(&self, step: u32, total: u32) -> f32;
}

/// The same value at every step.
impl Schedule for f32 {
    #[inline]
    fn at(&self, _: u32, _: u32) -> f32 {
        *self
    }
}

/// `step / total` in `[0, 1]`; a run without steps is over.
fn progress(step: u32, total: u32) -> f32 {
    if step >= total { 1.0 } else { step as f32 / total as f32 }
}

/// `(1 - cos(pi t)) / 2`: 0 at the start, 1 at the end, level at both; for `t` in [0, 1], neither NaN nor -0.
fn half_cosine(t: f32) -> f32 {
    use core::f32::consts::PI;
    // No angle lies outside of [0, pi], and a compiler that can see it drops the reduction of large angles: most of what a
    // cosine takes of flash.
    let angle = f32::from_bits((PI * t).to_bits().min(PI.to_bits()));
    0.5 * (1.0 - libm::cosf(angle))
}

/// A straight line from `from` at step 0 to `to` at step `total`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Linear {
    /// Value at step 0.
    pub from: f32,
    /// Value at step `total`.
    pub to: f32,
}

impl Linear {
    /// A rising probability whose mean over the run is `p`: RST's "linear" schedule, from 0 to 2p for `p <= 1/2`, else
    /// from 2p-1 to 1.
    pub const fn rising_with_mean(p: f32) -> Self {
        if p <= 0.5 { Self { from: 0.0, to: 2.0 * p } } else { Self { from: 2.0 * p - 1.0, to: 1.0 } }
    }
}

impl Schedule for Linear {
    fn at(&self, step: u32, total: u32) -> f32 {
        self.from + (self.to - self.from) * progress(step, total)
    }
}

/// Half a cosine from `from` at step 0 to `to` at step `total`; falling (learning rate) or rising (LPF-SGD's noise).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cosine {
    /// Value at step 0.
    pub from: f32,
    /// Value at step `total`.
    pub to: f32,
}

impl Cosine {
    fn mix(self, t: f32) -> f32 {
        self.from + (self.to - self.from) * half_cosine(t)
    }
}

impl Schedule for Cosine {
    fn at(&self, step: u32, total: u32) -> f32 {
        self.mix(progress(step, total))
    }
}

/// Half a cosine that ends after a fraction of the run and then stays: what weight averaging wants, which needs a
/// constant rate while it collects.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Anneal {
    /// Value at step 0.
    pub from: f32,
    /// Value from step `until * total` on.
    pub to: f32,
    /// Fraction of the run after which the value is constant.
    pub until: f32,
}

impl Schedule for Anneal {
    fn at(&self, step: u32, total: u32) -> f32 {
        let t = progress(step, total);
        if t < self.until {
            Cosine { from: self.from, to: self.to }.mix(t / self.until)
        } else if self.until.is_nan() {
            f32::NAN
        } else {
            self.to
        }
    }
}

/// The learning rate of the SWA reference code: constant for half of the time before averaging starts, then a straight
/// line that reaches `swa_lr` at nine tenths of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SwaRate {
    /// The first learning rate.
    pub lr: f32,
    /// The learning rate while averaging.
    pub swa_lr: f32,
    /// Steps before averaging starts.
    pub start: u32,
}

impl Schedule for SwaRate {
    fn at(&self, step: u32, _: u32) -> f32 {
        let ratio = self.swa_lr / self.lr;
        let t = if self.start == 0 { 1.0 } else { step as f32 / self.start as f32 };
        let factor = if t <= 0.5 {
            1.0
        } else if t <= 0.9 {
            1.0 - (1.0 - ratio) * (t - 0.5) / 0.4
        } else {
            ratio
        };
        self.lr * factor
    }
}

/// A straight line from `from` over the first `steps` steps, then another schedule over the rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WarmUp<S> {
    /// Value at step 0.
    pub from: f32,
    /// Steps of the line.
    pub steps: u32,
    /// What follows; its step 0 is the end of the line.
    pub then: S,
}

impl<S: Schedule> Schedule for WarmUp<S> {
    fn at(&self, step: u32, total: u32) -> f32 {
        let rest = total.saturating_sub(self.steps);
        match step.checked_sub(self.steps) {
            Some(step) => self.then.at(step, rest),
            None => Linear { from: self.from, to: self.then.at(0, rest) }.at(step, self.steps),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::f32::consts::PI;

    /// What keeps large angles out changes no bit.
    #[test]
    fn a_cosine_is_that_of_libm() {
        for (total, stride) in [(1, 1), (7, 1), (123, 1), (1_000_003, 997), (u32::MAX, 1_234_567)] {
            for step in (0..total).step_by(stride).chain([total - 1, total]) {
                let t = if step == total { 1.0 } else { step as f32 / total as f32 };
                let expected = 0.5 * (1.0 - libm::cosf(PI * t));
                let value = Cosine { from: 0.0, to: 1.0 }.at(step, total);
                assert_eq!(value.to_bits(), expected.to_bits(), "step {step} of {total}");
            }
        }
    }

    #[test]
    fn an_end_that_is_no_number_is_no_value() {
        let anneal = |until| Anneal { from: 1.0, to: 0.5, until }.at(1, 4);
        assert!(anneal(f32::NAN).is_nan());
        assert_eq!([anneal(0.25), anneal(0.0), anneal(-1.0)], [0.5; 3]);
    }
}
