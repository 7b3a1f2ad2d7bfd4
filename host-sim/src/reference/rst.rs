//! RST (Zhao et al. 2022): a coin before each step chooses SAM (1) or the plain step (0).

use super::{Method, Objective, Optimizer, Plain, Sam};
use crate::replay::recipe;
use std::vec::IntoIter;

/// RST on recorded coins.
#[derive(Debug, Clone)]
pub struct Rst {
    sam: Sam,
    coins: IntoIter<bool>,
}

impl Rst {
    /// The coins are used up one a step; after the last, every step is plain.
    pub fn new(sam: recipe::Sam, coins: Vec<bool>) -> Self {
        Rst { sam: Sam(sam), coins: coins.into_iter() }
    }
}

impl Method for Rst {
    fn step(&mut self, w: &mut [f64], base: &mut dyn Optimizer, objective: &mut Objective<'_>) {
        if self.coins.next() == Some(true) {
            self.sam.step(w, base, objective);
        } else {
            Plain.step(w, base, objective);
        }
    }
}
