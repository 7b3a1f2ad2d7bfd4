//! What a simulator writes for a firmware, read and written.

use crate::networks::Net;
use flatmin::blob::{Blob, Contents, layout_hash};
use flatmin::tune::Samples;

must_not_panic! {
    fn blob(bytes: &[u8], x: &mut [f32], i: usize) -> bool {
        Blob::parse(bytes).and_then(|blob| blob.of::<Net>()).is_ok_and(|blob| {
            blob.standardise(x);
            let read = blob.replay().read(i, x).is_some() && blob.validation().read(i, x).is_some();
            read && blob.logits(i).is_some() && blob.weights().len() > i
        })
    }

    fn write_blob(
        mean: &[f32], sd: &[f32], weights: &[f32], logits: &[f32], values: &[i8], labels: &[u8], scale: &[f32],
        sizes: &[usize; 2], out: &mut [[u8; 4]],
    ) -> bool {
        let [classes, dim] = *sizes;
        let samples = Samples::new(dim, values, labels, scale).unwrap_or_default();
        let (replay, validation) = (samples, samples);
        let contents = Contents { layout: 1, classes, left_out: 2, mean, sd, weights, replay, logits, validation };
        let mut out = out.iter_mut();
        contents.write(&mut |word| if let Some(slot) = out.next() { *slot = word }).is_ok()
    }

    fn fields(blob: &Blob<'_>, layout: u32, params: usize) -> usize {
        let sizes = Blob::classes(blob) + blob.inputs() + Blob::mean(blob).len() + Blob::sd(blob).len();
        let ours = blob.of_layout(layout, params).is_ok() && Blob::layout(blob) == layout_hash::<Net>();
        sizes + blob.left_out() as usize + usize::from(ours)
    }
}
