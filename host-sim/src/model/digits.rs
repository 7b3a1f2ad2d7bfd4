//! The digits MLP: 64-32-10 with ReLU.

use super::network::{Below, Typed, typed};
use flatmin::layout::Segment;
use flatmin::nn::{self, Network};
use flatmin_parity::nets::digits::{All, Biases, Body, Head, Last};

typed!(
    /// Everything trains.
    ALL: All = "digits MLP"
);
/// What lies below the last layer.
static BODY: Below<Body> = Below::NEW;
typed!(
    /// The last layer trains.
    LAST: Last = "digits MLP, last layer", BODY + HEAD
);
typed!(
    /// The last layer alone.
    HEAD: Head = "digits MLP, the last layer alone"
);
typed!(
    /// The biases train.
    BIAS: Biases = "digits MLP, biases"
);

const _: () = assert!(All::PARAMS == 2_410 && All::TRAINABLE == 2_410);
const _: () = assert!(Last::TRAINABLE == 330 && Biases::TRAINABLE == 42);
