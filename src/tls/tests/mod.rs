mod link;
