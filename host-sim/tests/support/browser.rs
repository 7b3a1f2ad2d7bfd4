//! A real browser without a window, spoken to in its devtools protocol.

use serde_json::{Value, json};
use std::env;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Message, WebSocket};

/// Names under which Debian and others install it.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The browser's program, if there is one.
pub(crate) fn find() -> Option<PathBuf> {
    let folders: Vec<PathBuf> = env::split_paths(&env::var_os("PATH")?).collect();
    let paths = NAMES.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    paths.into_iter().find(|path| path.is_file())
}

/// A running browser with one empty tab; it ends with this value.
pub(crate) struct Browser {
    process: Child,
    socket: WebSocket<TcpStream>,
    session: String,
    calls: u64,
    /// What the tab reported since [`Browser::open`].
    events: Vec<Value>,
    _profile: TempDir,
}

impl Browser {
    pub(crate) fn start(program: &Path) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut process = Command::new(program)
            .args(["--headless=new", "--remote-debugging-port=0", "--disable-gpu", "--hide-scrollbars"])
            // As root, and in most containers, there is no sandbox to be had; the pages are our own.
            .args(["--no-sandbox", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions"])
            .args(["--disable-background-networking", "--disable-component-update", "--no-proxy-server"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (address, socket) = connect(&mut process);
        let mut browser =
            Self { process, socket, session: String::new(), calls: 0, events: Vec::new(), _profile: profile };
        assert!(address.contains("/devtools/browser/"), "{address}");
        let tab = browser.call("Target.createTarget", json!({"url": "about:blank"}))["targetId"].clone();
        let attached = browser.call("Target.attachToTarget", json!({"targetId": tab, "flatten": true}));
        browser.session = attached["sessionId"].as_str().unwrap().to_owned();
        for domain in ["Page", "Network", "Runtime", "Log"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// Shows a page on a screen of this width, to someone who prefers `scheme`, and waits until it has loaded and was
    /// painted.
    pub(crate) fn open(&mut self, page: &Path, width: u32, scheme: &str) {
        let screen = json!({"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 600});
        self.call("Emulation.setDeviceMetricsOverride", screen);
        let scheme = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call("Emulation.setEmulatedMedia", scheme);
        // From an empty page, so that nothing of the one before is reported for this one.
        for address in ["about:blank".to_owned(), url(page)] {
            self.events.clear();
            self.call("Page.navigate", json!({"url": address}));
            self.until("Page.loadEventFired");
            assert_eq!(self.evaluate("document.readyState + ' ' + location"), format!("complete {address}"));
        }
        self.evaluate(
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))",
        );
    }

    /// What a script says to the tab, as JSON.
    pub(crate) fn evaluate(&mut self, script: &str) -> Value {
        let how = json!({"expression": script, "returnByValue": true, "awaitPromise": true});
        let answer = self.call("Runtime.evaluate", how);
        assert!(answer.get("exceptionDetails").is_none(), "{answer}");
        answer["result"]["value"].clone()
    }

    /// A part of the page as red, green, blue and opacity: left, top, width, height.
    pub(crate) fn pixels(&mut self, [x, y, width, height]: [f64; 4]) -> Vec<[u8; 4]> {
        let clip = json!({"x": x, "y": y, "width": width, "height": height, "scale": 1});
        let shot = json!({"format": "png", "clip": clip, "captureBeyondViewport": true});
        let answer = self.call("Page.captureScreenshot", shot);
        let bytes = data_encoding::BASE64.decode(answer["data"].as_str().unwrap().as_bytes()).unwrap();
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::ALPHA | png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        pixels.as_chunks::<4>().0.to_vec()
    }

    /// The whole page as PNG, to be looked at.
    pub(crate) fn picture(&mut self) -> Vec<u8> {
        let shot = json!({"format": "png", "captureBeyondViewport": true});
        let answer = self.call("Page.captureScreenshot", shot);
        data_encoding::BASE64.decode(answer["data"].as_str().unwrap().as_bytes()).unwrap()
    }

    /// What the tab reported under this name since the page was opened.
    pub(crate) fn reported(&self, method: &str) -> impl Iterator<Item = &Value> {
        self.events.iter().filter(move |event| event["method"] == method).map(|event| &event["params"])
    }

    fn call(&mut self, method: &str, params: Value) -> Value {
        self.calls += 1;
        let id = self.calls;
        let mut call = json!({"id": id, "method": method, "params": params});
        if !self.session.is_empty() {
            call["sessionId"] = json!(self.session);
        }
        self.socket.send(Message::text(call.to_string())).unwrap();
        loop {
            let answer = self.read();
            if answer["id"] == json!(id) {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }

    fn until(&mut self, method: &str) {
        while self.reported(method).next().is_none() {
            self.read();
        }
    }

    /// One message; events are kept.
    fn read(&mut self) -> Value {
        let message: Value = serde_json::from_str(self.socket.read().unwrap().to_text().unwrap()).unwrap();
        if message.get("method").is_some() {
            self.events.push(message.clone());
        }
        message
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The address of a page in a file.
pub(crate) fn url(page: &Path) -> String {
    format!("file://{}", page.display())
}

/// Waits until the browser says where it listens, and connects to it.
fn connect(process: &mut Child) -> (String, WebSocket<TcpStream>) {
    let mut said = BufReader::new(process.stderr.take().unwrap());
    let mut line = String::new();
    let address = loop {
        line.clear();
        assert_ne!(said.read_line(&mut line).unwrap(), 0, "the browser ended before it listened");
        if let Some(address) = line.trim().strip_prefix("DevTools listening on ") {
            break address.to_owned();
        }
    };
    // It must not be stopped by a full pipe.
    std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    let host = address.trim_start_matches("ws://").split('/').next().unwrap().to_owned();
    let stream = TcpStream::connect(host).unwrap();
    // Pictures of pages are larger than what a socket takes by default.
    let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
    let (socket, _) =
        tungstenite::client::client_with_config(address.as_str(), stream, Some(config)).unwrap();
    (address, socket)
}
