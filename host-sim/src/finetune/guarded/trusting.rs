//! All labelled samples, each as far as it is believed.

use super::{Extra, FOLDS, Kept, Start, Watch, refused};
use crate::model::{Example, Workspace};
use crate::train::{Averaging, Error, Recipe};
use flatmin::backend::Cpu;
use flatmin::nn;
use flatmin::tune::{Criterion, Guard, Outcome, Score, Scores, Trust};

impl Start<'_> {
    /// All labelled samples, each as far as it is believed; see [`Trust`].
    pub(super) async fn trusting(&self, watch: &mut Watch<'_>) -> Result<Kept, Error> {
        let samples = self.samples;
        let mut memory = vec![0.0; samples.labelled.len()];
        let mut doubt = Doubt {
            workspace: Workspace::new(self.model, self.frozen),
            labelled: &samples.labelled,
            trust: Trust::new(&mut memory),
        };
        let factory = doubt.score(|_| true, self.factory)?;
        // A method's own average is its candidate; where there is none, the mean of all epochs is.
        let average = self.recipe.average.unwrap_or(Averaging::Swa { from: 0.0 });
        let recipe = Recipe { average: Some(average), ..self.recipe };
        let extra = self.cross_fit(&recipe, &mut doubt).await?;

        let rule = self.options.rule(Criterion::Accuracy);
        let mut guard = Guard::new(rule, on_labelled(factory), vec![0.0; self.factory.len()]);
        let mut divergence = self.divergence();
        let mut observe = |epoch, w: &[f32]| {
            guard.heed(divergence.epoch(watch(epoch, w)?));
            Ok(())
        };
        let lessons = samples.lessons(|_| true, |i| doubt.trust.of(i), self.options.distil);
        let trained = extra.charge(self.begin(lessons, &recipe, true)?.end(&mut observe).await?);

        let (mut cpu, mut weights) = (Cpu::detect(), trained.weights.clone());
        let tuned = doubt.workspace.score(&samples.labelled, &weights)?;
        guard.heed(refused(&trained).or(divergence.answers(&tuned, &factory)));
        guard.observe::<Cpu>(&mut cpu, &weights, on_labelled(tuned))?;
        let outcome = match guard.finish::<Cpu>(&mut cpu, &mut weights, self.factory)? {
            Outcome::Kept { .. } => Outcome::Kept { epoch: recipe.epochs },
            rolled_back => rolled_back,
        };
        let diverged = guard.diverged().is_some();
        Ok(Kept { weights, trained, outcome: Some(outcome), alpha: None, diverged })
    }

    /// Trains a quarter of the epochs outside each fold; who did not see a sample says how far to believe it.
    async fn cross_fit(&self, recipe: &Recipe, doubt: &mut Doubt<'_>) -> Result<Extra, Error> {
        let a_quarter = Recipe { epochs: (recipe.epochs / 4).max(1), average: None, ..*recipe };
        let mut extra = Extra::default();
        for (fold, training) in self.begin_folds(&a_quarter, false)? {
            let outside = training.end(&mut |_, _| Ok(())).await?;
            extra.add(&outside);
            doubt.score(|i| self.samples.fold(i, FOLDS) == fold, &outside.weights)?;
        }
        Ok(extra)
    }
}

/// Who is asked how far to believe a label.
struct Doubt<'a> {
    workspace: Workspace<'a>,
    labelled: &'a [Example<'a>],
    trust: Trust<'a>,
}

impl Doubt<'_> {
    /// Shows trust what weights say `of` some labelled samples, and scores them in the same pass.
    fn score(&mut self, of: impl Fn(usize) -> bool, w: &[f32]) -> Result<Score, nn::Error> {
        let Self { workspace, labelled, trust } = self;
        let mut score = Score::default();
        for (i, example) in labelled.iter().enumerate().filter(|(i, _)| of(*i)) {
            let logits = workspace.logits(example.x, w)?;
            trust.add(i, logits, example.label.into());
            score.add(logits, example.label.into());
        }
        Ok(score)
    }
}

/// Here the guard looks at labelled samples only.
fn on_labelled(new: Score) -> Scores {
    Scores { new, old: Score::default() }
}
