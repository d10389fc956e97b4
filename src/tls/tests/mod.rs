mod hello;
mod link;
