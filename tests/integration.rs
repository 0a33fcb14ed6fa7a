mod install_wing;
