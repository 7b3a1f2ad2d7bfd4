//! How far is each label to be believed?

use crate::nn::cross_entropy;

/// Trust in labels that may be wrong: what two models that never learnt a label think of it.
///
/// ```text
/// trust(i) = p_factory(label_i | x_i) + p_fold(label_i | x_i)
/// ```
///
/// The factory weights have seen no sample of the new user; the weights of a [fold](super::fold) have learnt from all
/// of them but this one. A label that neither finds likely counts next to nothing, one that both expect counts double.
/// Used as the factor of a sample's gradient it decides how much a wrong label can pull, which matters more than how
/// the guard chooses afterwards:
///
/// 1. add the factory weights' answers to every labelled sample;
/// 2. for each of 2 folds start from the factory weights, train for a quarter of the epochs on the samples outside the
///    fold (and the stored samples trained beside them), add the answers to the samples of the fold;
/// 3. train from the factory weights on all samples, gradients times trust, with the method's average or a
///    [`Swa`](crate::averages::Swa) of the weights after every epoch;
/// 4. keep the mean if a [`Guard`](super::Guard) that compares right answers on all labelled samples prefers it to the
///    factory weights. No sample is held out for good.
///
/// **Source**: cross-fitting (Chernozhukov et al. 2018) of the confidence in a label, as confident learning (Northcutt et
/// al. 2021) has it for cleaning data. The sum of two models' belief as a weight is ours; `flatmin-sim baselines` prints
/// what it buys. **Cost**: a float a labelled sample; a quarter more gradients; two forward passes a sample (and
/// the guard's of the mean; its pass of the factory weights is the one of step 1); the vector of the mean (the guard can
/// work in the vector of the mean's copy).
///
/// ```
/// use flatmin::tune::{Trust, fold};
/// let labels = [0, 1, 0, 1];
/// let mut memory = [0.0; 4];
/// let mut trust = Trust::new(&mut memory);
/// for (i, label) in labels.into_iter().enumerate() {
///     // The factory weights are undecided; those of the fold are sure that sample 3 is of class 0.
///     trust.add(i, &[0.0, 0.0], label);
///     let of_fold = if label == 0 || i == 3 { [9.0, 0.0] } else { [0.0, 9.0] };
///     trust.add(i, &of_fold, label);
/// }
/// assert_eq!(fold(&labels.map(|label| label as u8), 3, 2), 0);
/// assert!(trust.of(1) > 1.49 && trust.of(3) < 0.51);
/// ```
#[derive(Debug)]
pub struct Trust<'a> {
    sums: &'a mut [f32],
}

impl<'a> Trust<'a> {
    /// No trust yet; one float a labelled sample.
    pub fn new(sums: &'a mut [f32]) -> Self {
        sums.fill(0.0);
        Self { sums }
    }

    /// Adds what a model thinks of the label of sample `i`: its softmax there. Logits that are no numbers, and a label
    /// that is no class, add nothing; neither does a sample beyond the memory.
    pub fn add(&mut self, i: usize, logits: &[f32], label: usize) {
        let belief = cross_entropy(logits, label).map_or(0.0, |loss| libm::expf(-loss));
        if let (Some(sum), false) = (self.sums.get_mut(i), belief.is_nan()) {
            *sum += belief;
        }
    }

    /// The factor of sample `i`, from 0 to the number of models; 0 if there is no such sample.
    #[must_use]
    pub fn of(&self, i: usize) -> f32 {
        self.sums.get(i).copied().unwrap_or(0.0)
    }
}
