mod dialogue;
mod request;
