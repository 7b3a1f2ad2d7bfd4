// What became of a replica's updates.
struct Verdict {
    // Not 0 if a check of the step under way failed: which (1 the loss, 2 the gradient).
    bad: u32,
    // Updates that were refused since the host last asked, and what was wrong.
    refused: u32,
    why: u32,
}
