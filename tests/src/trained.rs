//! A small training run with everything that a checkpoint must hold.

use crate::trial::{N, NET, STEPS, clock, objective, start};
use flatmin::average::Average;
use flatmin::averages::Swa;
use flatmin::backend::Portable;
use flatmin::checkpoint::{Position, Snapshot, Source, Target};
use flatmin::drive::step;
use flatmin::method::{Eval, Method, Next};
use flatmin::methods::Sam;
use flatmin::optimizers::{Adam, Momentum, Sgd};
use flatmin::state::State;

type SamMomentum = Sam<Sgd<Momentum<Vec<f32>>>, Vec<f32>>;

/// SAM over SGD with momentum, with an average.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The weights.
    pub w: Vec<f32>,
    /// The method.
    pub method: SamMomentum,
    /// The average.
    pub swa: Swa<Vec<f32>>,
    /// Steps done.
    pub step: u32,
    /// The method's scalars at the start of the step.
    pub scalars: <SamMomentum as State<Portable>>::Scalars,
}

impl Trained {
    /// As a firmware builds it at boot.
    pub fn fresh() -> Self {
        let zeros = || vec![0.0; N];
        let method = Sam::new(Sgd::new().momentum(0.9, zeros()), zeros()).rho(0.5);
        let scalars = State::<Portable>::scalars(&method);
        Self { w: start(), method, swa: Swa::new(zeros()), step: 0, scalars }
    }

    /// After `steps` steps.
    pub fn after(steps: u32) -> Self {
        let mut this = Self::fresh();
        let mut g = vec![0.0; N];
        for t in 0..steps {
            step(&mut this.method, &mut Portable, &mut this.w[..], &mut g[..], &clock(t), |w, g, r| {
                Ok::<f32, ()>(objective(w, g, r))
            })
            .unwrap();
            this.swa.observe(&mut Portable, &this.w, &clock(t)).unwrap();
            this.step = t + 1;
        }
        this.scalars = State::<Portable>::scalars(&this.method);
        this
    }

    /// After `steps` steps, and in the middle of the next one, with perturbed weights.
    pub fn inside(steps: u32) -> Self {
        let mut this = Self::after(steps);
        let (mut g, clean) = (vec![0.0; N], this.w.clone());
        let next = this.method.begin(&mut Portable, &mut this.w, &clock(steps)).unwrap();
        let Next::Gradient(request) = next else { panic!("SAM asks for a gradient") };
        let loss = objective(&this.w, &mut g, request);
        this.method.resume(&mut Portable, &mut this.w, Eval { g: &mut g[..], loss }).unwrap();
        assert_ne!(this.w, clean, "SAM must have climbed");
        this
    }

    /// What a checkpoint of it holds.
    pub fn snapshot(&self) -> Snapshot<'_, Portable, impl Method<Portable>, Swa<Vec<f32>>> {
        let position = Position { step: self.step, total: STEPS, seed: 7, drawn: 3, phase: 1 };
        let snapshot = Snapshot::new(&Portable, NET, &self.w, &self.method, &self.swa, position);
        snapshot.unwrap().started_at(self.scalars)
    }

    /// Where a checkpoint is loaded to.
    pub fn target<'a>(
        &'a mut self,
        b: &'a mut Portable,
    ) -> Target<'a, Portable, impl Method<Portable>, Swa<Vec<f32>>> {
        Target::new(b, NET, &mut self.w, &mut self.method, &mut self.swa).unwrap()
    }

    /// After a load.
    pub fn resume_at(&mut self, position: Position) {
        self.step = position.step;
        self.scalars = State::<Portable>::scalars(&self.method);
    }

    /// Every word of its checkpoint.
    pub fn words(&self) -> Vec<u32> {
        words(&self.snapshot())
    }
}

/// Every word of a record.
pub fn words(source: &impl Source) -> Vec<u32> {
    let mut bytes = vec![0; source.words() * 4];
    source.fill(0, &mut bytes);
    bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect()
}

/// A run that a [`Trained`] must not be taken for.
pub fn other() -> Sam<Adam<Vec<f32>>, Vec<f32>> {
    Sam::new(Adam::new(vec![0.0; N], vec![0.0; N]), vec![0.0; N])
}
