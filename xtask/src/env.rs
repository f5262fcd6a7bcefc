//! What tests need of this machine: a container engine, a small image, a Python environment, Terraform's provider.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::{Result, must, root, target};

/// The image that conformance tests run containers of.
pub const IMAGE: &str = "roadstead/busybox:latest";
/// What a fresh Debian machine lacks.
const PACKAGES: [&str; 5] = ["docker.io", "busybox-static", "nftables", "iproute2", "python3-venv"];
const BUSYBOX: [&str; 2] = ["/bin/busybox", "/usr/bin/busybox"];

/// Whether a machine without a person runs us: what is missing is a failure there.
pub fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}

fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().any(|line| line.starts_with("Uid:\t0\t"))
}

/// The full path of a program on the search path.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// Installs what is missing where that is ours to do: as root on a Debian with apt-get.
fn install_packages() -> Result<()> {
    let has_venv = Command::new("python3")
        .args(["-c", "import ensurepip, venv"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    let missing: Vec<&str> = PACKAGES
        .into_iter()
        .filter(|package| match *package {
            "docker.io" => engine_socket().is_none() && program("dockerd").is_none(),
            "busybox-static" => static_busybox().is_none(),
            "nftables" => program("nft").is_none() && !Path::new("/usr/sbin/nft").exists(),
            "iproute2" => program("ip").is_none(),
            _ => !has_venv,
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let advice = format!("install these packages: apt-get install -y {}", missing.join(" "));
    if !is_root() || program("apt-get").is_none() {
        return Err(advice.into());
    }
    println!("installing {}", missing.join(" "));
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        must(&mut command)
    };
    apt(&["update", "-qq"])
        .or_else(|_| apt(&["update", "-qq"]))
        .map_err(|error| format!("{error}; {advice}"))?;
    let mut install = vec!["install", "-y", "-qq", "--no-install-recommends"];
    install.extend(&missing);
    apt(&install).map_err(|error| format!("{error}; {advice}"))?;
    Ok(())
}

/// A container engine that answers; one that was started here is stopped again when this is dropped.
pub struct Engine {
    started: Option<Child>,
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(child) = &mut self.started {
            let stopped = Command::new("kill").arg(child.id().to_string()).status();
            if stopped.is_ok_and(|status| status.success()) {
                // The engine has nothing left to say; its end is all that counts.
                let _ = child.wait();
            }
        }
    }
}

/// Finds, starts or installs a container engine that has [`IMAGE`]; says what to do when it cannot.
pub fn engine() -> Result<Engine> {
    // Without some packages the engine may still be there.
    let packages = install_packages();
    let engine = if engine_socket().is_some() {
        Engine { started: None }
    } else {
        packages.and_then(|()| start_engine())?
    };
    import_image()?;
    Ok(engine)
}

fn start_engine() -> Result<Engine> {
    if !is_root() {
        return Err("no container engine answers on /var/run/docker.sock; start one: sudo dockerd".into());
    }
    // Where the host keeps its firewall or its file systems to itself, tasks can still run with less.
    let attempts: [&[&str]; 3] = [
        &[],
        &["--storage-driver=vfs"],
        &[
            "--storage-driver=vfs",
            "--iptables=false",
            "--ip6tables=false",
            "--bridge=none",
        ],
    ];
    let log = target().join("dockerd.log");
    fs::create_dir_all(target())?;
    for arguments in attempts {
        println!("starting dockerd {} (log: {})", arguments.join(" "), log.display());
        let output = fs::File::create(&log)?;
        let mut child = Command::new("dockerd")
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .map_err(|error| format!("starting dockerd: {error}; install it: apt-get install -y docker.io"))?;
        let deadline = Instant::now() + Duration::from_secs(60);
        while Instant::now() < deadline {
            if engine_socket().is_some() {
                return Ok(Engine { started: Some(child) });
            }
            if child.try_wait()?.is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        // Already gone, or about to be: the next attempt needs the socket.
        let _ = child.kill().and_then(|()| child.wait());
    }
    let log = fs::read_to_string(&log).unwrap_or_default();
    let last: Vec<&str> = log.lines().rev().take(5).collect();
    Err(format!(
        "dockerd does not start: {}",
        last.into_iter().rev().collect::<Vec<_>>().join("\n")
    )
    .into())
}

/// A connection to an engine that answers a ping.
fn engine_socket() -> Option<PathBuf> {
    let host = std::env::var("DOCKER_HOST").ok();
    let path = host
        .as_deref()
        .and_then(|host| host.strip_prefix("unix://"))
        .unwrap_or("/var/run/docker.sock");
    let path = PathBuf::from(path);
    let (status, _) = ask(&path, "GET", "/_ping", &[]).ok()?;
    (status == 200).then_some(path)
}

/// One request to the engine, and its whole answer.
fn ask(socket: &Path, method: &str, target: &str, body: &[u8]) -> Result<(u16, String)> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(Duration::from_secs(120)))?;
    let length = body.len();
    write!(
        stream,
        "{method} {target} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\nContent-Type: application/x-tar\r\n\
         Content-Length: {length}\r\n\r\n"
    )?;
    stream.write_all(body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .ok_or("the engine's answer has no status")?;
    Ok((status, answer))
}

/// A busybox that needs no shared library, so that it is a whole image.
fn static_busybox() -> Option<PathBuf> {
    let is_static = |file: &PathBuf| {
        let loader = b"/ld-linux";
        fs::read(file).is_ok_and(|bytes| !bytes.windows(loader.len()).any(|window| window == loader))
    };
    BUSYBOX.into_iter().map(PathBuf::from).find(is_static)
}

fn import_image() -> Result<()> {
    let socket = engine_socket().ok_or("the container engine stopped answering")?;
    if ask(&socket, "GET", &format!("/images/{IMAGE}/json"), &[])?.0 == 200 {
        return Ok(());
    }
    let busybox = static_busybox().ok_or("no static busybox; install it: apt-get install -y busybox-static")?;
    println!("importing {} as {IMAGE}", busybox.display());
    let files = target().join("busybox-image");
    fs::create_dir_all(files.join("bin"))?;
    fs::create_dir_all(files.join("tmp"))?;
    fs::copy(&busybox, files.join("bin/busybox"))?;
    let listed = Command::new(&busybox).arg("--list").output()?;
    for applet in String::from_utf8_lossy(&listed.stdout)
        .lines()
        .filter(|applet| *applet != "busybox")
    {
        let link = files.join("bin").join(applet);
        if !link.exists() {
            std::os::unix::fs::symlink("busybox", link)?;
        }
    }
    let archive = Command::new("tar")
        .args(["-c", "--owner=0", "--group=0", "-C"])
        .arg(&files)
        .arg(".")
        .output()?;
    if !archive.status.success() {
        return Err(format!("packing the image: {}", String::from_utf8_lossy(&archive.stderr)).into());
    }
    let (name, tag) = IMAGE.split_once(':').unwrap_or((IMAGE, "latest"));
    let target = format!(
        "/images/create?fromSrc=-&repo={name}&tag={tag}&changes=ENV%20PATH%20%2Fbin&changes=CMD%20%5B%22sh%22%5D"
    );
    let (status, answer) = ask(&socket, "POST", &target, &archive.stdout)?;
    if status == 200 {
        Ok(())
    } else {
        Err(format!("importing {IMAGE}: {answer}").into())
    }
}

/// The Python of an environment that holds exactly `conformance/requirements.txt`, made when needed.
pub fn python() -> Result<PathBuf> {
    let wanted = fs::read_to_string(root().join("conformance/requirements.txt"))?;
    let folder = target().join("conformance-venv");
    let (python, stamp) = (folder.join("bin/python"), folder.join("requirements.txt"));
    if python.exists() && fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) {
        return Ok(python);
    }
    let advice = "install Python with its venv module (apt-get install -y python3-venv)";
    install_packages().or_else(|error| {
        if program("python3").is_some() {
            Ok(())
        } else {
            Err(error)
        }
    })?;
    println!("making {}", folder.display());
    must(
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&folder)
            .stdin(Stdio::null()),
    )
    .map_err(|error| format!("{error}; {advice}"))?;
    must(
        Command::new(&python)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--requirement",
            ])
            .arg(root().join("conformance/requirements.txt"))
            .stdin(Stdio::null()),
    )?;
    fs::write(stamp, wanted)?;
    Ok(python)
}

/// Terraform's AWS provider on this machine: `TF_PLUGIN_DIR`, or the usual places.
pub fn terraform_provider() -> Option<PathBuf> {
    program("terraform")?;
    let mut places: Vec<PathBuf> = std::env::var_os("TF_PLUGIN_DIR")
        .map(PathBuf::from)
        .into_iter()
        .collect();
    if let Some(home) = std::env::var_os("HOME").map(PathBuf::from) {
        places.push(home.join(".terraform.d"));
    }
    places.extend(["/opt", "/usr/local/share", "/usr/local/lib", "/usr/share/terraform"].map(PathBuf::from));
    places.iter().find_map(|place| find_provider(place, 8))
}

fn find_provider(folder: &Path, depth: usize) -> Option<PathBuf> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder).ok()?.flatten() {
        let kind = entry.file_type().ok()?;
        if kind.is_file()
            && entry
                .file_name()
                .to_string_lossy()
                .starts_with("terraform-provider-aws_v")
        {
            return Some(entry.path());
        }
        if kind.is_dir() && depth > 0 {
            folders.push(entry.path());
        }
    }
    folders.iter().find_map(|folder| find_provider(folder, depth - 1))
}
