//! The kernels, one operation a file, named by what they compute and not by who uses them.

mod clip;
mod copy;
mod dot;
mod lerp;
mod non_finite;
mod offset;
mod perturb;
mod pull;
mod reperturb;
mod save_ascend;
mod save_offset;
mod scale;
mod sq_norm;
mod step_adam;
mod step_momentum;
mod step_nesterov;
mod step_sgd;

pub use clip::Clip;
pub use copy::Copy;
pub use dot::Dot;
pub use lerp::Lerp;
pub use non_finite::NonFinite;
pub use offset::Offset;
pub use perturb::Perturb;
pub use pull::Pull;
pub use reperturb::Reperturb;
pub use save_ascend::SaveAscend;
pub use save_offset::SaveOffset;
pub use scale::Scale;
pub use sq_norm::SqNorm;
pub use step_adam::StepAdam;
pub use step_momentum::StepMomentum;
pub use step_nesterov::StepNesterov;
pub use step_sgd::StepSgd;

/// The registry of kernels: calls `$callback!` once with a row per kernel,
/// `shape <arity> Type { hyperparameters of an example, in the order of the fields }`.
///
/// Parity runs, benchmarks, coverage tests and the README table are generated from these rows.
#[macro_export]
macro_rules! for_each_kernel {
    ($callback:ident) => {
        $callback! {
            map [1 1 0] Clip { max_norm: 0.5 };
            map [0 1 1] Copy {};
            reduce [2] Dot {};
            map [0 1 1] Lerp { weight: 0.25 };
            reduce [1] NonFinite {};
            map [0 1 2] Offset {};
            fill [2 0] Perturb { gamma: 0.1, rms: 1, key: $crate::rng::Key::new(7, $crate::rng::Stream::Perturbation, 3) };
            fill [1 2] Pull { scale: 0.75 };
            fill [1 1] Reperturb { gamma: 0.1, rms: 0, key: $crate::rng::Key::new(8, $crate::rng::Stream::Perturbation, 4) };
            map [1 2 1] SaveAscend { rho: 0.05, eps: 1e-12 };
            map [0 2 1] SaveOffset {};
            map [0 1 0] Scale { factor: 0.25 };
            reduce [1] SqNorm {};
            update [2] StepAdam { lr: 0.01, beta1: 0.9, beta2: 0.999, eps: 1e-8, l2: 0.01, decay: 0.02, updates: 1 };
            update [1] StepMomentum { lr: 0.01, momentum: 0.9, dampening: 0.1, weight_decay: 0.001, updates: 3 };
            update [1] StepNesterov { lr: 0.01, momentum: 0.9, dampening: 0.1, weight_decay: 0.001, updates: 0 };
            update [0] StepSgd { lr: 0.01, weight_decay: 0.001 };
        }
    };
}

macro_rules! hyperparameters {
    ($($shape:ident $arity:tt $kernel:ident { $($field:ident: $example:expr),* };)*) => {
        $(impl crate::kernel::Hyperparameters for $kernel {
            #[inline(always)]
            fn words(self, _out: &mut impl FnMut(u32)) {
                $(crate::state::Words::put(self.$field, _out);)*
            }
        })*
    };
}
for_each_kernel!(hyperparameters);
