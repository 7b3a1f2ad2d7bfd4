//! What the method of a recipe needs: memory, state vectors, an anchor.

use super::Recipe;
use crate::compose::{Anchor, boxed, boxed_anchored};
use crate::model::Model;
use flatmin::backend::Cpu;
use flatmin::layout::{filters, params};
use flatmin::residual::usual_len;
use flatmin::state::Cost;

/// Memory that the method of a recipe needs beside weights and gradient.
pub(crate) fn method_cost(model: &dyn Model, recipe: &Recipe) -> Cost {
    let anchor = (recipe.anchor > 0.0).then(|| anchor(model, &[], recipe.anchor));
    boxed_anchored::<Cpu>(&recipe.spec, anchor, model.segments(), recipe.seed).cost()
}

/// The same pull to `factory` for every filter.
pub(crate) fn anchor(model: &dyn Model, factory: &[f32], strength: f32) -> Anchor<Vec<f32>> {
    Anchor { factory: factory.to_vec(), strengths: vec![strength; filters(model.segments())] }
}

/// Lengths of the state vectors of a recipe's method, without an anchor's.
pub(crate) fn state_lens(model: &dyn Model, recipe: &Recipe) -> Vec<usize> {
    let segments = model.segments();
    let cost = boxed::<Cpu>(&recipe.spec, segments, recipe.seed).cost();
    let of_len = |len, count| std::iter::repeat_n(len, count);
    let vectors = of_len(params(segments), cost.vectors);
    let residuals = of_len(usual_len(params(segments)), cost.residuals);
    vectors.chain(residuals).chain(of_len(filters(segments), cost.filter_vectors)).collect()
}

/// Hands out vectors by length.
pub(crate) fn lend<V>(mut state: Vec<(usize, V)>) -> impl FnMut(usize) -> V {
    move |len| {
        let found = state.iter().position(|(known, _)| *known == len);
        state.swap_remove(found.expect("a method asks for the state that its cost says")).1
    }
}
