fn main() {
    println!("{}", {{ module }}::greeting("world"));
}
