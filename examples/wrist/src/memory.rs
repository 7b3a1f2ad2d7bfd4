//! Everything a session needs, in one static.

use crate::net::{CHANNELS, CLASSES, FRAMES, Model, Vector, WINDOW};
use crate::tuner::Tuner;
use flatmin::tune::replay_buffer::Class;

/// Windows of each exercise that the person labels.
pub const A_CLASS: usize = 4;
/// Windows that the person labels.
pub const LABELLED: usize = A_CLASS * CLASSES;

/// All memory of a session, but the flash.
#[derive(Debug)]
pub struct Memory<N: Model, M: Tuner<N>> {
    /// The weights that train.
    pub w: N::Weights,
    /// Their gradient.
    pub g: N::Weights,
    /// The mean of the weights after every epoch, or the best ones.
    pub mean: N::Weights,
    /// The weights that do not train.
    pub frozen: N::Frozen,
    /// The method's state.
    pub tuner: M,
    /// Activations.
    pub acts: N::Acts,
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

impl<N: Model, M: Tuner<N>> Memory<N, M> {
    /// Before a session.
    pub const NEW: Self = Self {
        w: Vector::ZEROS,
        g: Vector::ZEROS,
        mean: Vector::ZEROS,
        frozen: Vector::ZEROS,
        tuner: M::NEW,
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
const _: () = assert!(size_of::<Memory<crate::net::All, crate::tuner::Lpf<crate::net::All>>>() <= 56 * 1024);
