//! Everything a session needs, in one static.

use crate::Error;
use crate::choice::{Choice, Chosen};
use crate::net::{CHANNELS, CLASSES, FRAMES, Model, Vector, WINDOW};
use crate::tuner::Tuner;
use flatmin::rng::{Draws, Key, Stream};
use flatmin::tune::replay_buffer::{Class, ReplayBuffer};

/// Windows of each exercise that the person labels.
pub const A_CLASS: usize = 4;
/// Windows that the person labels.
pub const LABELLED: usize = A_CLASS * CLASSES;

/// All memory of a session, but the flash.
pub struct Memory<C: Choice> {
    /// The weights that train.
    pub w: <C::Net as Model>::Weights,
    /// Their gradient.
    pub g: <C::Net as Model>::Weights,
    /// The mean of the weights after every epoch, or the best ones.
    pub mean: <C::Net as Model>::Weights,
    /// The weights that do not train.
    pub frozen: <C::Net as Model>::Frozen,
    /// The method's state.
    pub tuner: C::Tuner,
    /// Activations.
    pub acts: <C::Net as Model>::Acts,
    /// A window.
    pub x: [f32; WINDOW],
    /// What the person labelled.
    pub labelled: Labelled,
    /// How far each label is believed.
    pub trust: [f32; LABELLED],
}

/// Labelled windows in the form of the stored old ones.
#[derive(Debug)]
pub struct Labelled {
    /// Values in units of the shipped model's scale.
    pub values: [i8; LABELLED * WINDOW],
    /// Exercises.
    pub labels: [u8; LABELLED],
    /// What was seen of each.
    pub classes: [Class; CLASSES],
}

impl Labelled {
    /// A reservoir in them; `seed` decides which windows are kept.
    pub(crate) fn buffer<'a>(
        &'a mut self,
        scale: &'a [f32],
        seed: u64,
    ) -> Result<ReplayBuffer<'a, i8>, Error> {
        let draws = Draws::new(Key::new(seed, Stream::Labelled, 0));
        Ok(ReplayBuffer::new(WINDOW, &mut self.values, &mut self.labels, &mut self.classes, scale, draws)?)
    }
}

impl<C: Choice> Memory<C> {
    /// Before a session.
    pub const NEW: Self = Self {
        w: Vector::ZEROS,
        g: Vector::ZEROS,
        mean: Vector::ZEROS,
        frozen: Vector::ZEROS,
        tuner: Tuner::NEW,
        acts: Vector::ZEROS,
        x: [0.0; WINDOW],
        labelled: Labelled {
            values: [0; LABELLED * WINDOW],
            labels: [0; LABELLED],
            classes: [Class::NEW; CLASSES],
        },
        trust: [0.0; LABELLED],
    };
}

const _: () = assert!(WINDOW == FRAMES * CHANNELS);
const _: () =
    assert!(size_of::<Memory<Chosen>>() <= 56 * 1024, "the session no longer fits 64 KiB with its stack");
