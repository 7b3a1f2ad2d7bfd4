//! The wrist 1D-CNN: two convolutions, the mean over time and a dense layer.

use super::network::{Below, Typed, typed};
use flatmin::layout::Segment;
use flatmin::nn::{self, Network};
use flatmin_wrist::net::{All, Biases, Body, Head, Last};

typed!(
    /// Everything trains.
    ALL: All = "wrist 1D-CNN"
);
/// What lies below the last layer.
static BODY: Below<Body> = Below::NEW;
typed!(
    /// The last layer trains.
    LAST: Last = "wrist 1D-CNN, last layer", BODY + HEAD
);
typed!(
    /// The last layer alone.
    HEAD: Head = "wrist 1D-CNN, the last layer alone"
);
typed!(
    /// The biases train.
    BIAS: Biases = "wrist 1D-CNN, biases"
);

const _: () = assert!(All::PARAMS == 1_911 && All::TRAINABLE == 1_911);
const _: () = assert!(Last::TRAINABLE == 119 && Biases::TRAINABLE == 39);
