//! Everything a session needs, in one static.

use crate::choice::{Choice, Chosen, RAM, STACK};
use crate::net::{CHANNELS, CLASSES, FRAMES, Model, Vector, WINDOW};
use crate::storage::Storage;
use crate::tuner::Tuner;

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
    /// The weights that do not train.
    pub frozen: <C::Net as Model>::Frozen,
    /// The method's state.
    pub tuner: C::Tuner,
    /// Activations.
    pub acts: <C::Net as Model>::Acts,
    /// A window.
    pub x: [f32; WINDOW],
    /// What need not be in RAM: the labelled windows, the weights of an epoch.
    pub storage: C::Storage,
    /// How far each label is believed.
    pub trust: [f32; LABELLED],
}

impl<C: Choice> Memory<C> {
    /// Before a session.
    pub const NEW: Self = Self {
        w: Vector::ZEROS,
        g: Vector::ZEROS,
        frozen: Vector::ZEROS,
        tuner: Tuner::NEW,
        acts: Vector::ZEROS,
        x: [0.0; WINDOW],
        storage: Storage::NEW,
        trust: [0.0; LABELLED],
    };
}

const _: () = assert!(WINDOW == FRAMES * CHANNELS);
const _: () = assert!(
    size_of::<Memory<Chosen>>() + STACK <= RAM,
    "the session does not fit the RAM of FLATMIN_MEMORY with its stack: another method or scope takes less"
);
