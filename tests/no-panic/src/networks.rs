//! Networks: whole, in pieces, layer by layer; losses and targets.

use core::ops::Range;
use flatmin::layout::{Kind, Segment};
use flatmin::nn::{
    self, Activation, All, Bias, Conv1d, Conv2d, Dense, Evaluation, Frozen, Layer, Loss, MaxPool2d, MeanTime,
    Memory, Network, Params, Pass, Place, Relu, Seq, Stage, Tanh, Target, Tensor, Tensors, Work,
};
use flatmin::tune;

pub type Net = nn::seq!(Conv1d<6, 64, 5, 2, 16>, Relu<480>, Conv1d<16, 30, 5, 2, 16>, Tanh<208>, MeanTime<13, 16>, Dense<16, 7>);

type Image = nn::seq!(Conv2d<1, 28, 28, 3, 2, 8>, Relu<1352>, MaxPool2d<13, 13, 8, 2, 3>, Conv2d<8, 4, 4, 3, 1, 5>, Tanh<20>, Dense<20, 10>);

type Pair = Seq<Dense<6, 4, Frozen>, Dense<4, 3, Bias>>;

/// What a layer is lent.
struct Lent<'a> {
    units: &'a Range<usize>,
    params: Params<'a>,
    x: &'a mut [f32],
    y: &'a mut [f32],
    g: &'a mut [f32],
    below: Activation,
}

fn layer<L: Layer>(lent: &mut Lent<'_>) {
    let Lent { units, params, x, y, g, below } = lent;
    <L as Layer>::forward(units.clone(), *params, x, y);
    <L as Layer>::gradient(units.clone(), x, y, g);
    <L as Layer>::input_gradient(units.clone(), *params, y, x, *below);
}

fn network<N: Network>(stage: Stage, layer: usize, units: &Range<usize>, memory: &mut Memory<'_>) -> usize {
    <N as Network>::run(stage, layer, units.clone(), memory);
    <N as Network>::units(stage, layer)
}

fn loss_of<L: Loss>(target: L, z: &mut [f32]) -> f32 {
    let refused = f32::from(u8::from(Loss::check(target, z.len()).is_err()));
    refused + Loss::loss(target, z).unwrap_or(0.0) + Loss::gradient(target, z, 0.5).unwrap_or(0.0)
}

must_not_panic! {
    fn samples(x: &[f32], label: usize, w: &[f32], acts: &mut [f32], g: &mut [f32]) -> f32 {
        let target = Target::Doubtful { label, q: 0.5 };
        let taught = nn::gradient_to::<Net>(x, target, 0.5, w, &[], acts, g).unwrap_or(0.0);
        let seen = nn::forward::<Net>(x, w, &[], acts).map_or(0, <[f32]>::len);
        let loss = nn::loss::<Net>(x, label, w, &[], acts).unwrap_or(0.0);
        taught + loss + seen as f32 + nn::logits::<Net>(acts).first().copied().unwrap_or(0.0)
    }

    fn gradient(x: &[f32], label: usize, w: &[f32], acts: &mut [f32], g: &mut [f32]) -> f32 {
        nn::gradient::<Net>(x, label, 0.5, w, &[], acts, g).unwrap_or(0.0)
    }

    fn evaluation(x: &[f32], label: usize, w: &[f32], acts: &mut [f32], g: &mut [f32], units: usize) -> bool {
        Evaluation::<Net>::gradient(x, label, 0.5, w, &[], acts, g).is_ok_and(|mut e| e.poll(units).is_ready())
    }

    fn image_gradient(x: &[f32], label: usize, w: &[f32], acts: &mut [f32], g: &mut [f32]) -> f32 {
        nn::gradient::<Image>(x, label, 0.5, w, &[], acts, g).unwrap_or(0.0)
    }

    fn image_evaluation(x: &[f32], label: usize, w: &[f32], acts: &mut [f32], g: &mut [f32], units: usize) -> bool {
        Evaluation::<Image>::gradient(x, label, 0.5, w, &[], acts, g).is_ok_and(|mut e| e.poll(units).is_ready())
    }

    fn split(full: &[f32], w: &mut [f32], frozen: &mut [f32]) -> bool {
        nn::split::<Net>(full, w, frozen).is_ok() && Net::LAYERS > 0
    }

    fn merge(full: &mut [f32], w: &[f32], frozen: &[f32], right: u32, total: u32) -> bool {
        nn::merge::<Net>(w, frozen, full).is_ok() && tune::at_chance(right, total, full.len() as u32)
    }

    fn losses(z: &mut [f32], teacher: &[f32], label: usize, q: f32) -> bool {
        let doubtful = Target::Doubtful { label, q }.gradient(z, 0.5);
        let taught = Target::Teacher { logits: teacher, temperature: q }.gradient(z, 0.5);
        doubtful.is_some() && taught.is_some()
    }

    fn plain_losses(z: &mut [f32], teacher: &[f32], label: usize, q: f32) -> f32 {
        let values = [nn::cross_entropy(z, label), nn::generalised_cross_entropy(z, label, q), nn::distillation(z, teacher, q)];
        let gradients = [
            nn::cross_entropy_gradient(z, label, q),
            nn::generalised_cross_entropy_gradient(z, label, q, q),
            nn::distillation_gradient(z, teacher, q, q),
        ];
        values.into_iter().chain(gradients).flatten().sum()
    }

    fn target_loss(target: Target<'_>, label: usize, z: &mut [f32]) -> f32 {
        loss_of(target, z) + loss_of(label, z)
    }

    fn evaluations(x: &[f32], label: usize, target: Target<'_>, w: &[f32], frozen: &[f32], acts: &mut [f32], pass: Pass) -> f32 {
        let first = Evaluation::<Net>::forward(x, w, frozen, acts).map_or(0.0, |e| {
            let mut e = Evaluation::resume(e, pass);
            let _ = e.poll(label);
            Evaluation::logits(&e).first().copied().unwrap_or(0.0)
        });
        let loss = Evaluation::<Net>::loss(x, label, w, frozen, acts).is_ok_and(|mut e| e.poll(label).is_ready());
        let pass = Evaluation::<Net, _>::loss_to(x, target, w, frozen, acts).map(|e| Evaluation::pass(&e));
        first + f32::from(u8::from(loss && pass.is_ok_and(|pass| pass.stage() == Stage::Loss)))
    }

    fn evaluation_to(
        x: &[f32], target: Target<'_>, scale: f32, w: &[f32], frozen: &[f32], acts: &mut [f32], g: &mut [f32],
        pass: Pass, budget: usize,
    ) -> bool {
        Evaluation::<Pair, _>::gradient_to(x, target, scale, w, frozen, acts, g)
            .is_ok_and(|e| Evaluation::resume(e, pass).poll(budget).is_ready())
    }

    fn stages(stage: Stage, layer: usize, units: &Range<usize>, memory: &mut Memory<'_>) -> usize {
        network::<Net>(stage, layer, units, memory) + network::<Image>(stage, layer, units, memory)
    }

    fn one_layer(stage: Stage, layer: usize, units: &Range<usize>, memory: &mut Memory<'_>) -> usize {
        network::<Dense<4, 3>>(stage, layer, units, memory) + network::<Pair>(stage, layer, units, memory)
    }

    fn convolutions(lent: &mut Lent<'_>) {
        layer::<Conv1d<6, 64, 5, 2, 16>>(lent);
        layer::<Conv1d<2, 7, 3, 2, 17>>(lent);
        layer::<Conv2d<3, 7, 5, 3, 2, 9>>(lent);
    }

    fn dense(lent: &mut Lent<'_>) {
        layer::<Dense<16, 7>>(lent);
        layer::<Dense<5, 3, Bias>>(lent);
        layer::<Dense<5, 3, Frozen>>(lent);
    }

    fn other_layers(lent: &mut Lent<'_>) {
        layer::<Relu<208>>(lent);
        layer::<Tanh<208>>(lent);
        layer::<MeanTime<13, 17>>(lent);
        layer::<MaxPool2d<13, 13, 9, 2, 3>>(lent);
    }

    fn activations(activation: Activation, y: &mut [f32], dy: &[f32]) -> bool {
        activation.backward(y, dy);
        activation.is_identity()
    }

    fn parts_of_layers(params: Params<'_>, weights: usize) -> bool {
        let all = params.tensors::<All>(weights).is_some();
        all && params.tensors::<Bias>(weights).is_some() && params.tensors::<Frozen>(weights).is_some()
    }

    fn places(len: usize, other: usize) -> bool {
        Place::first(len).beside(other) == Place::first(other).opposite(len)
    }

    fn work(units: usize, largest: usize) -> bool {
        Work::even(units, largest) == Work::elementwise(units)
    }

    fn segments(i: usize) -> usize {
        nn::segments::<Net, { Net::SEGMENTS }>().get(i).map_or(0, Segment::len)
    }

    fn tensors(tensors: &Tensors, filters: usize, fan_in: usize, trainable: bool) -> usize {
        let one = Tensor::new(filters, fan_in, Kind::Norm, trainable);
        let counts = Tensors::count(tensors, trainable) + Tensors::slots(tensors, trainable);
        counts + Tensors::floats(tensors, trainable) + Tensor::floats(one) + Tensors::get(tensors, filters).map_or(0, Tensor::floats)
    }
}
