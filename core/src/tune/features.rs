//! What the frozen layers say of a few samples, computed once.

use super::replay_buffer::Samples;
use crate::nn::{self, Network};
use core::fmt;
use core::marker::PhantomData;

/// The outputs of the frozen layers for the samples of a fine-tuning run.
///
/// When only upper layers train, what lies below says the same in every epoch. With its outputs kept, a step costs the
/// upper layers only: 119 of the wrist network's 31 k multiply-adds. Declare both halves as networks of their own; the
/// bits are those of the whole network.
///
/// **Cost**: `BODY::OUT` floats and a byte a sample (28 windows of the wrist network: 1,820 bytes); one forward pass of
/// the body a sample.
///
/// ```
/// use flatmin::nn::{self, Conv1d, Dense, Frozen, MeanTime, Network, Relu};
/// use flatmin::tune::Features;
/// type Body = nn::seq!(Conv1d<2, 8, 3, 1, 4, Frozen>, Relu<24>, MeanTime<6, 4>);
/// type Head = Dense<4, 3>;
/// let (frozen, w) = ([0.1; Body::FROZEN], [0.2; Head::TRAINABLE]);
/// let mut acts = [0.0; Body::ACTS];
/// let (mut values, mut labels) = ([0.0; 2 * Body::OUT], [0; 2]);
/// let mut features = Features::<Body>::new(&mut values, &mut labels);
/// for (x, label) in [([1.0; Body::IN], 2), ([-1.0; Body::IN], 0)] {
///     features.push(&x, label, &frozen, &mut acts).unwrap();
/// }
/// // Every step from here on:
/// let (mut x, mut acts, mut g) = ([0.0; Head::IN], [0.0; Head::ACTS], [0.0; Head::TRAINABLE]);
/// let samples = features.samples();
/// for i in 0..samples.len() {
///     let label = samples.read(i, &mut x).unwrap();
///     nn::gradient::<Head>(&x, label.into(), 0.5, &w, &[], &mut acts, &mut g)?;
/// }
/// # Ok::<(), nn::Error>(())
/// ```
#[derive(Debug)]
pub struct Features<'a, BODY> {
    values: &'a mut [f32],
    labels: &'a mut [u8],
    len: usize,
    body: PhantomData<fn() -> BODY>,
}

/// Why a sample was not kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Full {
    /// There is no room for another one.
    Samples,
    /// The network refused its arguments.
    Network(nn::Error),
}

impl<'a, BODY: Network> Features<'a, BODY> {
    /// Room for as many samples as fit both slices: `BODY::OUT` floats and a label each.
    pub const fn new(values: &'a mut [f32], labels: &'a mut [u8]) -> Self {
        Self { values, labels, len: 0, body: PhantomData }
    }

    /// Runs the frozen layers on a sample and keeps what they say.
    ///
    /// # Errors
    /// [`Full`]; what is kept stays as it is.
    pub fn push(&mut self, x: &[f32], label: u8, frozen: &[f32], acts: &mut [f32]) -> Result<(), Full> {
        let said = nn::forward::<BODY>(x, &[], frozen, acts).map_err(Full::Network)?;
        let slot = self.values.chunks_exact_mut(BODY::OUT.max(1)).nth(self.len).ok_or(Full::Samples)?;
        *self.labels.get_mut(self.len).ok_or(Full::Samples)? = label;
        slot.iter_mut().zip(said).for_each(|(slot, value)| *slot = *value);
        self.len += 1;
        Ok(())
    }

    /// What is kept.
    #[must_use]
    pub fn samples(&self) -> Samples<'_, f32> {
        let values = self.values.get(..self.len * BODY::OUT).unwrap_or_default();
        let labels = self.labels.get(..self.len).unwrap_or_default();
        Samples::new(BODY::OUT, values, labels, &[1.0]).unwrap_or_default()
    }
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Samples => f.write_str("there is no room for another sample"),
            Self::Network(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Full {}
