use super::*;

/// A float32 file of one step, with one field replaced.
fn file(from: &str, to: &str) -> String {
    let text = r#"{"format":"golden/1","case":"tiny","set":"open","method":"sgd","library":"torch",
        "library_version":"1","function":"torch.optim.SGD","torch_version":"1","dtype":"float32",
        "problem":{},"hyperparameters":{"lr":0.5},
        "layout":[{"name":"w","shape":[2],"kind":"weight","offset":0,"len":2}],
        "w0":[1.0,0.1],"w0_hex":"3f8000003dcccccd","steps":[{"step":1,"loss":0.1,"loss_hex":"3dcccccd",
        "grad_norm":1.0,"evals":[{"loss":0.1,"loss_hex":"3dcccccd","grad_norm":1.0,"at":"w"}],
        "w":["NaN","-Infinity"],"w_hex":"7fc00000ff800000"}]}"#;
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

fn message(from: &str, to: &str) -> String {
    Golden::parse(&file(from, to)).unwrap_err().to_string()
}

#[test]
fn bits_are_taken_exactly() {
    let golden = Golden::parse(&file("", "")).unwrap();
    assert_eq!(golden.w0, [1.0, f64::from(0.1f32)]);
    let w = golden.steps[0].w.as_deref().unwrap();
    assert!(w[0].is_nan() && w[1] == f64::NEG_INFINITY);
    assert_eq!(golden.unread, [""; 0]);
}

#[test]
fn a_decimal_that_disagrees_with_its_hex_is_named() {
    let text = message("[1.0,0.1]", "[1.0,0.10000002]");
    assert!(text.contains("w0[1]") && text.contains("disagrees with its hex 3dcccccd"), "{text}");
    assert!(message("\"NaN\"", "0.0").contains("step 1 w[0]"));
    assert!(message("3f8000003dcccccd", "bf8000003dcccccd").contains("w0[0]"));
}

#[test]
fn hex_needs_eight_digits_an_element() {
    assert!(message("3f8000003dcccccd", "3f8000003dcccc").contains("8 hex digits"));
    assert!(message("3f8000003dcccccd", "3f800000+dcccccd").contains("8 hex digits"));
    assert!(message("\"w0_hex\":\"3f8000003dcccccd\",", "").contains("missing"));
    assert!(message("float32", "float64").contains("no hex"));
}

#[test]
fn lengths_follow_the_layout() {
    assert!(message("[1.0,0.1]", "[1.0]").contains("w0 has 1 elements where the layout asks for 2"));
    assert!(message("\"shape\":[2]", "\"shape\":[3]").contains("layout"));
    assert!(message("\"step\":1", "\"step\":2").contains("step 2"));
}

#[test]
fn other_formats_and_single_functions_are_refused() {
    assert!(matches!(Golden::parse(&file("golden/1", "golden/2")), Err(ReplayError::Format(_))));
    assert!(matches!(Golden::parse(&file("float32", "bfloat16")), Err(ReplayError::Dtype(_))));
    let error = Golden::parse(&file("\"w0\":", "\"x0\":")).unwrap_err();
    assert!(matches!(&error, ReplayError::NotATrajectory { missing } if missing == "w0"), "{error}");
}

#[test]
fn keys_nobody_reads_are_kept() {
    let golden = Golden::parse(&file("\"at\":\"w\"", "\"at\":\"w\",\"mask\":\"01\"")).unwrap();
    assert_eq!(golden.unread, ["\"mask\" of step 1 evaluation 0"]);
}
